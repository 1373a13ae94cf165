/// JSON has a part that the type does not decode: thrown by ``JSON/decodeStrictly(_:from:)``.
package struct UnreadPart: Error, Hashable, Sendable {
  /// One step on the way from a value to a part of it.
  package enum Step: Hashable, Sendable {
    case member(String)
    case element(Int)
  }

  /// The way from the value down to the part itself, which is the last step.
  package let path: [Step]
}

/// A key type that says which members of an object are known.
struct KeyType {
  var object: Int
  var type: any CodingKey.Type
  /// Whether the type has asked for all of them.
  var isForAll: Bool

  func knows(_ name: String) -> Bool {
    // Keys that any string makes say nothing about what is known.
    type.init(stringValue: name) != nil && (isForAll || type.init(stringValue: Self.undeclared) == nil)
  }

  private static let undeclared = "\u{1F}a name that no type declares\u{1F}"
}

/// What of the text has been read.
///
/// The tokens are marked as they are asked for. Only at the end it is said what is left: what one attempt leaves out may
/// be what the next one reads.
extension DecodingState {
  // MARK: Marks

  /// A decoder has been made for a value, so it matters what of it is read.
  @inline(__always)
  func visit(_ place: Int) {
    tokens[place].flags.insert(.isVisited)
  }

  @inline(__always)
  func open<Key: CodingKey>(_ object: Int, by type: Key.Type) throws {
    if tokens[object].flags.contains(.hasOddKeys) { try readKeys(of: object) }
    if isStrict { keyTypes.append(KeyType(object: object, type: type, isForAll: false)) }
  }

  func know<Key: CodingKey>(allOf type: Key.Type, in object: Int) {
    if isStrict { keyTypes.append(KeyType(object: object, type: type, isForAll: true)) }
  }

  // MARK: The outcome

  /// A part that nobody has read: a value's own before those of the values in it, and else the first by name or index.
  func firstUnread() -> UnreadPart? {
    visit(Self.root)
    var declared: [Int: [KeyType]]?
    for place in Self.root..<tokens.count where tokens[place].flags.contains(.isVisited) {
      guard ownUnread(of: place, &declared) != nil else { continue }
      return UnreadPart(path: firstUnread(in: Self.root, &declared)?.reversed() ?? [])
    }
    return nil
  }

  /// The way to the part, from its end.
  private func firstUnread(in place: Int, _ declared: inout [Int: [KeyType]]?) -> [UnreadPart.Step]? {
    if let part = ownUnread(of: place, &declared) { return [part] }
    for (step, child) in visitedChildren(of: place) {
      if let path = firstUnread(in: child, &declared) { return path + [step] }
    }
    return nil
  }

  private func ownUnread(of place: Int, _ declared: inout [Int: [KeyType]]?) -> UnreadPart.Step? {
    let token = tokens[place]
    switch token.kind {
    case .array:
      let read = token.flags.contains(.isOpened) ? token.offset : 0
      return read < token.length ? .element(Int(read)) : nil
    case .object:
      if areAllAskedFor(of: place) { return nil }
      let types = declared ?? Dictionary(grouping: keyTypes, by: \.object)
      declared = types
      var first: String?
      // An object that nobody has opened may have keys that are no text; then it has not been read.
      guard (try? readKeys(of: place)) != nil else { return .member("") }
      forEachKey(of: place) { name, key in
        if tokens[key].flags.contains(.isAskedFor)
          || types[place]?.contains(where: { $0.knows(name) }) == true
        {
          return
        }
        first = min(name, first ?? name)
      }
      return first.map { .member($0) }
    default:
      return nil
    }
  }

  private func areAllAskedFor(of object: Int) -> Bool {
    var key = object + 2
    while key < Int(tokens[object].link) {
      if !tokens[key].flags.contains(.isAskedFor) { return false }
      key = behind(key)
    }
    return true
  }

  private func visitedChildren(of place: Int) -> [(UnreadPart.Step, Int)] {
    var children: [(UnreadPart.Step, Int)] = []
    if tokens[place].kind == .object {
      var members: [(name: String, place: Int)] = []
      forEachKey(of: place) { members.append(($0, $1 + 1)) }
      members.sort { $0.name < $1.name }
      children = members.map { (.member($0.name), $0.place) }
    } else if tokens[place].kind == .array {
      var element = place + 2
      for index in 0..<Int(tokens[place].length) {
        children.append((.element(index), element))
        let token = tokens[element]
        element = token.kind == .object || token.kind == .array ? Int(token.link) : element + 1
      }
    }
    return children.filter { tokens[$0.1].flags.contains(.isVisited) }
  }
}

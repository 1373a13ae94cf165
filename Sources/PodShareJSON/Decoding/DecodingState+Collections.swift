/// The most usual arrays and dictionaries, which need not be asked to decode themselves: they would do the same through a
/// decoder and a container that know nothing of their elements. They are asked all the same if something is unusual.
extension DecodingState {
  /// The elements of an array; nil if it is none, or one of them is not of the type or malformed.
  @inline(__always)
  func elements<Element>(
    at place: Int, _ read: (Token) -> Element?
  ) -> [Element]? {
    let array = tokens[place]
    guard array.kind == .array else { return nil }
    var elements: [Element] = []
    elements.reserveCapacity(Int(array.length))
    var next = place &+ 2
    while next < Int(array.link) {
      // An object or array takes more than one place, but is no element of these.
      guard let element = read(tokens[next]) else { return nil }
      elements.append(element)
      next &+= 1
    }
    visit(place)
    tokens[place].flags.insert(.isOpened)
    tokens[place].offset = array.length
    return elements
  }

  /// The members of a dictionary; nil if it is none, or if one of them is not of the type or malformed, or its
  /// key is unusual.
  @inline(__always)
  func members<Element>(
    at place: Int, _ read: (Token) -> Element?
  ) -> [String: Element]? {
    let object = tokens[place]
    guard object.kind == .object, object.flags.isDisjoint(with: [.hasOddKeys, .hasRepeatedKeys]) else {
      return nil
    }
    var members = [String: Element](minimumCapacity: Int(object.length))
    var key = place &+ 2
    while key < Int(object.link) {
      guard let element = read(tokens[key &+ 1]) else { return nil }
      members[plainText(of: tokens[key])] = element
      tokens[key].flags.insert(.isAskedFor)
      key &+= 2
    }
    visit(place)
    return members
  }
}

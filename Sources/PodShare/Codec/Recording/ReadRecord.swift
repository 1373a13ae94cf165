/// What has been read of one value in JSON, and of the values in it.
///
/// There is one for each place, however many types read it: what one of them has left out another may have read.
final class ReadRecord {
  // Stays at this value: it is the topmost decoder, or a `superDecoder` of a container.
  private let decoder: any Decoder

  private var isToken = false
  private var asked: Set<String> = []
  /// The key types whose names are all known, and how to ask them for one.
  private var declared: [ObjectIdentifier: (String) -> Bool] = [:]
  private var elementCount: Int?
  private var elementsRead = 0
  private var members: [String: ReadRecord] = [:]
  private var elements: [Int: ReadRecord] = [:]

  init(of decoder: any Decoder) {
    self.decoder = decoder
  }

  // MARK: Reading

  /// The value is neither an object nor an array, so there is nothing in it to ask for in the end.
  func readAsToken() {
    isToken = true
  }

  func ask(for name: String) {
    asked.insert(name)
  }

  /// The object was opened with keys of a type. They are known, unless any string makes one: those say nothing.
  func open<Key: CodingKey>(by _: Key.Type) {
    if Key(stringValue: "\u{1F}a name that no type declares\u{1F}") == nil { know(all: Key.self) }
  }

  func know<Key: CodingKey>(all _: Key.Type) {
    declared[ObjectIdentifier(Key.self)] = { Key(stringValue: $0) != nil }
  }

  func open(elementCount: Int?) {
    self.elementCount = elementCount ?? 0
  }

  func read(elementsBefore index: Int) {
    elementsRead = max(elementsRead, index)
  }

  // MARK: The values in it

  func member(_ name: String, of decoder: any Decoder) -> ReadRecord {
    if let record = members[name] { return record }
    let record = ReadRecord(of: decoder)
    members[name] = record
    return record
  }

  func element(_ index: Int, of decoder: any Decoder) -> ReadRecord {
    if let record = elements[index] { return record }
    let record = ReadRecord(of: decoder)
    elements[index] = record
    return record
  }

  // MARK: The outcome

  /// A part that nobody has read: a value's own before those of the values in it, and else the first by name or index.
  func firstUnread() -> UnknownMemberError? {
    if isToken { return nil }
    if let part = ownUnread() { return UnknownMemberError(part) }
    for (name, record) in members.sorted(by: { $0.key < $1.key }) {
      if let part = record.firstUnread() { return part.inside(.member(name)) }
    }
    for (index, record) in elements.sorted(by: { $0.key < $1.key }) {
      if let part = record.firstUnread() { return part.inside(.element(index)) }
    }
    return nil
  }

  private func ownUnread() -> UnknownMemberError.Step? {
    if let elementCount { return elementsRead < elementCount ? .element(elementsRead) : nil }
    if let object = try? decoder.container(keyedBy: MemberName.self) {
      return object.allKeys.map(\.stringValue).filter { !isKnown($0) }.min().map { .member($0) }
    }
    // Nobody has opened it as an array, so nothing of it has been read.
    let array = try? decoder.unkeyedContainer()
    return array.map { !$0.isAtEnd } == true ? .element(0) : nil
  }

  private func isKnown(_ name: String) -> Bool {
    asked.contains(name) || declared.values.contains { $0(name) }
  }
}

/// A key of any object.
private struct MemberName: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(stringValue: String) {
    self.stringValue = stringValue
  }

  init?(intValue: Int) {
    return nil
  }
}

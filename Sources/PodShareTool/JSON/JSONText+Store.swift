import PodShare

// What a store knows, as JSON.
extension JSONText {
  /// Entries by key, sorted.
  static func object(_ entries: [Entry<JSONValue>]) -> String {
    object(entries.inByteOrder(by: \.key).map { ($0.key, $0.value.line) })
  }

  static func object(_ version: Version) -> String {
    object([
      ("timestamp", string("\(version.timestamp)")),
      ("sequence", "\(version.sequence)"),
      ("origin", string(version.origin)),
    ])
  }

  /// An incarnation is text: many readers of JSON would round such a number.
  static func object(_ member: Member, address: String? = nil) -> String {
    var members = [
      ("node", string(member.nodeID)),
      ("incarnation", string("\(member.incarnation)")),
      ("lastSeen", string("\(member.lastSeen)")),
      ("lastEqual", member.lastEqual.map { string("\($0)") } ?? "null"),
      ("caughtUp", "\(member.isCaughtUp)"),
    ]
    if let address { members.append(("address", string(address))) }
    return object(members.map { (key: $0.0, value: $0.1) })
  }

  static func object(_ event: Event<JSONValue>) -> String {
    object([
      ("change", string(event.change.value == nil ? "delete" : "set")),
      ("key", string(event.key)),
      ("value", event.change.value?.line ?? "null"),
      ("origin", string(event.origin)),
      ("timestamp", string("\(event.timestamp)")),
    ])
  }

  /// All counters there are, by the names that they have in the library.
  static func object(_ statistics: StoreStatistics) -> String { object(counters(statistics)) }

  static func object(_ statistics: StoreStatistics, isCaughtUp: Bool) -> String {
    object([(key: "isCaughtUp", value: "\(isCaughtUp)")] + counters(statistics))
  }

  private static func counters(_ statistics: StoreStatistics) -> [(key: String, value: String)] {
    Mirror(reflecting: statistics).children.compactMap { child in
      child.label.map { (key: $0, value: "\(child.value)") }
    }
  }
}

extension Sequence {
  /// Sorted as any program in any language would sort the bytes.
  func inByteOrder(by text: (Element) -> String) -> [Element] {
    sorted { text($0).utf8.lexicographicallyPrecedes(text($1).utf8) }
  }
}

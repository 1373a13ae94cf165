/// The newest messages of a room: a set that grows by union, and then is cut down to the greatest by (time, ID).
struct Room: Equatable, Sendable {
  /// How many messages a room keeps. The same on all pods.
  static let limit = 8

  // Never more than `limit`, however a room comes about. Else a room joined with itself would lose messages.
  private let newest: Set<Message>

  init(_ messages: some Sequence<Message>) {
    newest = Set(Set(messages).sorted().suffix(Self.limit))
  }

  /// The messages, oldest first.
  var messages: [Message] { newest.sorted() }

  /// The newest messages of both.
  ///
  /// This is a join, so it may be used as a merge function. Let top(s) be the `limit` greatest messages of a set. A
  /// message that is missing in top(a) is below `limit` others of a, and those are in every union with a too. So it
  /// cannot be in the top of the union either, and cutting down early changes nothing:
  ///
  ///     top(top(a) ∪ b) = top(a ∪ b)
  ///
  /// However rooms are joined, then, the result is the top of the union of all of them: the order does not matter
  /// (commutative), nor the grouping (associative), nor how often each took part (idempotent).
  ///
  /// What this needs is an order that never changes and in which no two messages are equal. "The newest that have not
  /// been read", or "those that arrived last", would be none.
  func joined(with other: Room) -> Room {
    Room(newest.union(other.newest))
  }
}

extension Room: Codable {
  init(from decoder: any Decoder) throws {
    self.init(try [Message](from: decoder))
  }

  func encode(to encoder: any Encoder) throws {
    try messages.encode(to: encoder)
  }
}

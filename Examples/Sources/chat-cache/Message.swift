/// A chat message. It is never changed: whoever has a message under an ID has the same one.
struct Message: Codable, Hashable, Sendable {
  /// Unlike that of any other message.
  let id: String
  /// Milliseconds since 1970, by the clock of the pod that took the message in.
  let time: Int
  let author: String
  let text: String
}

extension Message: Comparable {
  /// By time, and where that is the same by ID: messages have one order, whoever sorts them.
  static func < (lhs: Message, rhs: Message) -> Bool {
    (lhs.time, lhs.id) < (rhs.time, rhs.id)
  }
}

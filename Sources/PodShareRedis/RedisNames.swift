/// What keys and channels are called on the server.
struct RedisNames: Sendable {
  let prefix: String

  /// Where a topic's messages are published.
  func channel(of topic: String) -> String { "\(prefix):\(topic):events" }

  /// Where a topic's whole state is kept, in wire version 1.
  func snapshot(of topic: String) -> String { "\(prefix):\(topic):snapshot" }

  /// The hash in which a topic's entries are kept.
  func entries(of topic: String) -> String { "\(prefix):\(topic):entries" }
}

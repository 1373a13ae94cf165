/// The version of an entry: who wrote it, when, and the author's number for that write.
///
/// Of two writes to one key the one with the greater version wins, on every pod alike. Versions compare by timestamp,
/// then by the author's node ID bytewise, then by the author's sequence number. No two writes have equal versions.
public struct Version: Sendable {
  /// When the author wrote it, by the author's hybrid clock.
  public let timestamp: Timestamp

  /// The author's own number for this write: one more for each entry written.
  public let sequence: UInt64

  package let author: PodIdentity

  /// The node ID of the pod that wrote it.
  public var origin: String { author.nodeID }

  package init(timestamp: Timestamp, author: PodIdentity, sequence: UInt64) {
    self.timestamp = timestamp
    self.author = author
    self.sequence = sequence
  }
}

extension Version: Comparable, Hashable {
  public static func < (lhs: Version, rhs: Version) -> Bool {
    if lhs.timestamp != rhs.timestamp { return lhs.timestamp < rhs.timestamp }
    switch lhs.author.nodeIDOrder(to: rhs.author) {
    case .before: return true
    case .after: return false
    case .same: return lhs.sequence < rhs.sequence
    }
  }

  public static func == (lhs: Version, rhs: Version) -> Bool {
    lhs.timestamp == rhs.timestamp && lhs.sequence == rhs.sequence
      && lhs.author.hasNodeID(of: rhs.author)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(timestamp)
    hasher.combine(sequence)
  }
}

extension Version: CustomStringConvertible {
  public var description: String { "\(timestamp) by \(origin) (\(sequence))" }
}

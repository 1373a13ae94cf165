/// Another pod of the topic, as this one has heard of it lately.
public struct Member: Sendable, Hashable {
  /// Its name.
  public let nodeID: String

  /// Which of the runs under this name it is: drawn at random at each start.
  public let incarnation: UInt64

  /// When it was last heard of, by this pod's clock.
  public let lastSeen: Timestamp

  /// When it last held exactly what this pod held, by this pod's clock; nil if it never has. While much is written, two
  /// pods are rarely equal at the same moment; when little is, this being long ago is a reason to look.
  public let lastEqual: Timestamp?

  /// Whether it says that it holds what the others hold.
  public let isCaughtUp: Bool

  init(_ member: Members.Member) {
    nodeID = member.identity.nodeID
    incarnation = member.identity.incarnation
    lastSeen = member.lastSeen
    lastEqual = member.lastEqual
    isCaughtUp = member.heartbeat.isCaughtUp
  }
}

extension Member: CustomStringConvertible {
  public var description: String {
    "\(nodeID) (\(isCaughtUp ? "caught up" : "catching up"), last seen \(lastSeen))"
  }
}

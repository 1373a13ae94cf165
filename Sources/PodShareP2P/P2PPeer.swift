/// Another pod as this one's mesh knows it.
public struct P2PPeer: Sendable, Hashable {
  /// What the pod calls itself. A pod of the Go library does not say: it goes by its address.
  public let nodeID: String
  /// The other end of the connection, as the network shows it: if the other pod dialled, its port is not the one that
  /// it listens on.
  public let remoteAddress: String
  /// Whether this pod dialled the other.
  public let isDialled: Bool
  /// Whether it is taken for a pod of the Go library, since it did not introduce itself.
  public let isGoPod: Bool
}

extension P2PPeer: CustomStringConvertible {
  public var description: String {
    isGoPod ? "Go pod at \(remoteAddress)" : "\(nodeID) at \(remoteAddress)"
  }
}

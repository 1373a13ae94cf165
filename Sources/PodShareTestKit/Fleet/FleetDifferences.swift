/// The pods of a fleet did not become equal. Thrown by ``TestFleet/settle()``.
public struct FleetDifferences: Error {
  /// What one pod holds under a key.
  public struct Holding: Sendable, Hashable {
    /// The pod.
    public let nodeID: String
    /// The value and its version, for people; nil if there is none.
    public let entry: String?
  }

  /// A key under which the pods do not hold the same.
  public struct Difference: Sendable, Hashable {
    /// The key.
    public let key: String
    /// What each pod holds, in the order of the pods.
    public let holdings: [Holding]
  }

  static let keysShown = 20

  /// The keys that differ, in order, at least one.
  public let keys: [Difference]
}

extension FleetDifferences: CustomStringConvertible {
  public var description: String {
    let count = keys.count == 1 ? "1 key differs" : "\(keys.count) keys differ"
    let rest = keys.count > Self.keysShown ? ["and \(keys.count - Self.keysShown) more"] : []
    return
      (["\(count) after the network has healed:"] + keys.prefix(Self.keysShown).map(\.description) + rest)
      .joined(separator: "\n")
  }
}

extension FleetDifferences.Difference: CustomStringConvertible {
  public var description: String {
    let holdings = holdings.map { "\($0.nodeID) has \($0.entry ?? "nothing")" }.joined(separator: "; ")
    return "\(key.debugDescription): \(holdings)"
  }
}

/// One life of one pod: its node ID and the incarnation drawn at random when its store was made.
///
/// A pod that restarts under its old node ID has a new incarnation and is never taken for its predecessor. The
/// incarnation is 62 random bits and only ever compared for equality; a pod numbers its writes from
/// `incarnation + 1`, so that no (timestamp, node ID, sequence) repeats.
package struct PodIdentity: Sendable {
  // Boxed, so that the version kept with every entry costs one reference for its author.
  private final class Storage: Sendable {
    let nodeID: String
    let incarnation: UInt64
    let digest: UInt64

    init(nodeID: String, incarnation: UInt64) {
      self.nodeID = nodeID
      self.incarnation = incarnation
      var hash = DigestHash(StableHash.hash(Key(nodeID)))
      hash.combine(incarnation)
      digest = hash.value
    }
  }

  private let storage: Storage

  package static let incarnations: Range<UInt64> = 0..<(1 << 62)

  package init(nodeID: String, incarnation: UInt64) {
    storage = Storage(nodeID: nodeID, incarnation: incarnation)
  }

  /// The author of a write that came in wire version 1, which does not say the incarnation.
  ///
  /// Such an author's numbers may come again after a restart, so no context records them: for its writes versions and
  /// tombstones must do.
  package init(ofUnknownIncarnation nodeID: String) {
    self.init(nodeID: nodeID, incarnation: Self.unknownIncarnation)
  }

  /// One more than any incarnation there is.
  private static let unknownIncarnation = incarnations.upperBound

  package var hasKnownIncarnation: Bool { incarnation != Self.unknownIncarnation }

  package var nodeID: String { storage.nodeID }
  package var incarnation: UInt64 { storage.incarnation }

  /// A hash that is the same on every pod.
  var digest: UInt64 { storage.digest }

  /// Whether two are one instance: equal ones need not be.
  package func isSame(as other: PodIdentity) -> Bool { storage === other.storage }

  /// The order of node IDs: bytewise, as every pod in any language sees it.
  package func nodeIDOrder(to other: PodIdentity) -> ByteOrder {
    storage === other.storage ? .same : nodeID.byteOrder(to: other.nodeID)
  }
}

extension PodIdentity: Hashable {
  package static func == (lhs: PodIdentity, rhs: PodIdentity) -> Bool {
    lhs.storage === rhs.storage
      || (lhs.incarnation == rhs.incarnation && lhs.nodeID.byteOrder(to: rhs.nodeID) == .same)
  }

  package func hash(into hasher: inout Hasher) {
    // Incarnations are random: they spread on their own, without hashing the node ID.
    hasher.combine(incarnation)
    if !hasKnownIncarnation {
      for byte in nodeID.utf8 { hasher.combine(byte) }
    }
  }
}

extension PodIdentity: CustomStringConvertible {
  package var description: String {
    hasKnownIncarnation ? "\(nodeID)#\(String(incarnation, radix: 36))" : nodeID
  }
}

/// One life of one pod: its node ID and the incarnation drawn at random when its store was made.
///
/// A pod that restarts under its old node ID has a new incarnation and is never taken for its predecessor. The
/// incarnation is 62 random bits and only ever compared for equality; a pod numbers its writes from
/// `incarnation + 1`, so that no (timestamp, node ID, sequence) repeats.
package struct PodIdentity: Sendable, BitwiseCopyable {
  private let name: NodeName
  package let incarnation: UInt64
  /// A hash of the node ID that is the same on every pod. Not of the incarnation: who knows a write by way of wire
  /// version 1 does not know that, and holds the same entry as who does. The numbers of writes tell incarnations apart.
  let digest: UInt64

  package static var incarnations: Range<UInt64> { 0..<(1 << 62) }

  /// A pod in this process, or one that is made up.
  package init(nodeID: String, incarnation: UInt64) {
    self.init(NodeNames.ofThisProcess.given(nodeID), incarnation: incarnation)
  }

  /// A pod that another one names; nil if so many were named that no more are kept in mind.
  package init?(heardOf nodeID: String, incarnation: UInt64) {
    guard let name = NodeNames.ofThisProcess.heard(nodeID) else { return nil }
    self.init(name, incarnation: incarnation)
  }

  init(_ name: NodeName, incarnation: UInt64) {
    self.name = name
    self.incarnation = incarnation
    digest = name.digest
  }

  package var nodeID: String { name.string }

  /// A pod that does not say who it is, and that whoever speaks with it tells from others by this number. It is nobody's
  /// author.
  package init(unnamed number: UInt64) {
    self.init(Self.noName, incarnation: Self.unknownIncarnation + 1 + number)
  }

  /// Not among the names of pods, of which there is none that is empty.
  private static let noName = NodeNames(limit: 1).given("")

  /// The author of a write that came in wire version 1, which does not say the incarnation.
  ///
  /// Such an author's numbers may come again after a restart, so no context records them: for its writes versions and
  /// tombstones must do.
  package init(ofUnknownIncarnation nodeID: String) {
    self.init(nodeID: nodeID, incarnation: Self.unknownIncarnation)
  }

  /// One more than any incarnation there is.
  static var unknownIncarnation: UInt64 { incarnations.upperBound }

  package var hasKnownIncarnation: Bool { Self.incarnations.contains(incarnation) }

  /// Whether it is a life of the same pod, by its node ID.
  package func hasNodeID(of other: PodIdentity) -> Bool { name == other.name }

  /// The order of node IDs: bytewise, as every pod in any language sees it.
  package func nodeIDOrder(to other: PodIdentity) -> ByteOrder {
    name == other.name ? .same : nodeID.byteOrder(to: other.nodeID)
  }
}

extension PodIdentity: Hashable {
  package static func == (lhs: PodIdentity, rhs: PodIdentity) -> Bool {
    lhs.incarnation == rhs.incarnation && lhs.name == rhs.name
  }

  package func hash(into hasher: inout Hasher) {
    // Incarnations are random: they spread on their own, without hashing the node ID.
    hasher.combine(incarnation == Self.unknownIncarnation ? digest : incarnation)
  }
}

extension PodIdentity: CustomStringConvertible {
  package var description: String {
    hasKnownIncarnation ? "\(nodeID)#\(String(incarnation, radix: 36))" : nodeID
  }
}

import NIOCore
import PodShare
import PodShareTestKit

/// Numbers as eight bytes.
struct BigEndianCodec: Codec {
  struct WrongSize: Error {}

  func encode(_ value: Int, into buffer: inout ByteBuffer) { buffer.writeInteger(value) }

  func decode(_ bytes: ByteBuffer) throws -> Int {
    guard bytes.readableBytes == 8, let value = bytes.getInteger(at: bytes.readerIndex, as: Int.self)
    else { throw WrongSize() }
    return value
  }
}

extension ReplicaOptions where Value == Int {
  /// No merge function; tombstones of an hour.
  static var forSimulation: Self {
    Self(merge: nil, tombstoneTTL: .seconds(3_600), maxClockSkew: .seconds(60))
  }
}

extension SimulatedFleet<Int> {
  /// Pods that have found one another, on a network that is quick and delivers each message once.
  static func calm(
    of nodeIDs: [String], seed: UInt64 = 1, options: ReplicaOptions<Int> = .forSimulation
  ) throws -> SimulatedFleet<Int> {
    let fleet = SimulatedFleet<Int>(seed: seed, options: options)
    fleet.conditions.delay = 0.000_1...0.02
    fleet.conditions.duplication = 0
    fleet.conditions.lateDuplication = 0
    for nodeID in nodeIDs { _ = try fleet.start(nodeID, codec: BigEndianCodec()) }
    try fleet.run(for: .seconds(4))
    return fleet
  }
}

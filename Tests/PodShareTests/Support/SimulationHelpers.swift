import NIOCore
import PodShare

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

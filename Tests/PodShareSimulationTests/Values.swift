import NIOCore
import PodShare

/// Numbers as eight bytes. An old build cannot decode every seventh.
struct NumberCodec: Codec {
  var isOldBuild = false

  struct Undecodable: Error {}

  func encode(_ value: Int, into buffer: inout ByteBuffer) {
    buffer.writeInteger(value)
  }

  func decode(_ bytes: ByteBuffer) throws -> Int {
    guard bytes.readableBytes == 8, let value = bytes.getInteger(at: bytes.readerIndex, as: Int.self),
      !(isOldBuild && value % 7 == 0)
    else { throw Undecodable() }
    return value
  }
}

/// Sets of numbers; an old build cannot decode those with a multiple of seven in them.
struct SetCodec: Codec {
  var isOldBuild = false

  func encode(_ value: Set<Int>, into buffer: inout ByteBuffer) {
    for number in value { buffer.writeInteger(number) }
  }

  func decode(_ bytes: ByteBuffer) throws -> Set<Int> {
    var bytes = bytes
    var value: Set<Int> = []
    while let number = bytes.readInteger(as: Int.self) { value.insert(number) }
    guard bytes.readableBytes == 0, !(isOldBuild && value.contains { $0 % 7 == 0 }) else {
      throw NumberCodec.Undecodable()
    }
    return value
  }
}

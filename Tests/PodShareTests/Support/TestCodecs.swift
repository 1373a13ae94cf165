import NIOCore
import PodShare

/// What the codecs of the tests complain with.
struct CodecFailure: Error, Equatable {}

/// Strings as they are. Cannot encode what begins with "unencodable", and cannot decode what begins with one of the
/// `refused` prefixes: an old build beside a new one.
struct PickyCodec: Codec {
  var refused: [String] = []

  func encode(_ value: String, into buffer: inout ByteBuffer) throws {
    buffer.writeString("half of what")  // A failure comes after some bytes have been written.
    guard !value.hasPrefix("unencodable") else { throw CodecFailure() }
    buffer.moveWriterIndex(to: buffer.writerIndex - "half of what".utf8.count)
    buffer.writeString(value)
  }

  func decode(_ bytes: ByteBuffer) throws -> String {
    let value = String(buffer: bytes)
    guard !refused.contains(where: { value.hasPrefix($0) }) else { throw CodecFailure() }
    return value
  }
}

extension StoreConfiguration where Value == String {
  static func picky(refusing refused: String...) -> StoreConfiguration<String> {
    StoreConfiguration(codec: PickyCodec(refused: refused))
  }
}

/// A value that its owner can change behind the store's back.
final class Box: @unchecked Sendable {
  // Only ever touched by one test's task at a time.
  var text: String

  init(_ text: String) {
    self.text = text
  }
}

struct BoxCodec: Codec {
  func encode(_ value: Box, into buffer: inout ByteBuffer) throws {
    buffer.writeString(value.text)
  }

  func decode(_ bytes: ByteBuffer) throws -> Box {
    Box(String(buffer: bytes))
  }
}

public import NIOCore
import PodShareJSON

/// Values as JSON: the default for `Codable` values.
///
/// Reading is permissive: members that the type does not know are ignored, so that an older build reads what a newer
/// one writes. What it writes itself, and passes on to other pods, is without them; see <doc:Codecs>.
///
/// The JSON means what Foundation's `JSONEncoder` and `JSONDecoder` with their defaults make of it, so that a `Date` is a
/// number of seconds since 2001 and `Data` is base 64. Most types are written and read several times as fast, `URL`,
/// `UUID` and `Decimal` a little. Dictionaries are written with their keys sorted. `Decimal.nan` is an error.
public struct JSONCodec<Value: Codable & Sendable>: Codec {
  public init() {}

  public func encode(_ value: Value, into buffer: inout ByteBuffer) throws {
    try withBytes(of: value) { buffer.writeBytes($0.bytes) }
  }

  public func decode(_ bytes: ByteBuffer) throws -> Value {
    try value(of: bytes.readableBytesUInt8Span)
  }
}

extension JSONCodec: RawCodec {
  func withBytes(of value: Value, _ body: (Span<UInt8>) -> Void) throws {
    try JSON.encode(value, body)
  }

  func value(of bytes: Span<UInt8>) throws -> Value {
    try JSON.decode(Value.self, from: bytes)
  }
}

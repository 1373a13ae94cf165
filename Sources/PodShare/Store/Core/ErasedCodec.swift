import NIOCore

/// A store's codec for whoever does not know the type of its values.
protocol ErasedCodec: AnyObject, Sendable {
  /// Appends the bytes of a value.
  func encode(_ value: ErasedValue, into buffer: inout ByteBuffer) throws

  /// Passes the bytes of a value, if the codec has them in memory of its own. Returns whether it has.
  func withBytes(of value: ErasedValue, _ body: (Span<UInt8>) -> Void) throws -> Bool

  /// Makes a value of some of a message's readable bytes, to be written under a key.
  func decode(_ key: Key, _ range: Range<Int>, of message: ByteBuffer) throws -> ErasedValue
}

extension ErasedCodec {
  /// Makes a value of bytes, to be written under a key.
  func decode(_ key: Key, _ bytes: ByteBuffer) throws -> ErasedValue {
    try decode(key, 0..<bytes.readableBytes, of: bytes)
  }
}

/// A codec that forgets the type of its values.
final class CodecEraser<Typed: Codec>: ErasedCodec {
  private let codec: Typed
  private let raw: (any RawCodec<Typed.Value>)?
  private let type: ValueType

  init(_ codec: Typed, as type: ValueType) {
    self.codec = codec
    raw = codec as? any RawCodec<Typed.Value>
    self.type = type
  }

  func encode(_ value: ErasedValue, into buffer: inout ByteBuffer) throws {
    try codec.encode(value.value(as: Typed.Value.self, in: type.layout), into: &buffer)
  }

  func withBytes(of value: ErasedValue, _ body: (Span<UInt8>) -> Void) throws -> Bool {
    guard let raw else { return false }
    try raw.withBytes(of: value.value(as: Typed.Value.self, in: type.layout), body)
    return true
  }

  func decode(_ key: Key, _ range: Range<Int>, of message: ByteBuffer) throws -> ErasedValue {
    guard let raw else {
      let slice = message.getSlice(at: message.readerIndex + range.lowerBound, length: range.count)
      return ErasedValue(try codec.decode(slice ?? ByteBuffer()), forKey: key, as: type)
    }
    let value = try raw.value(of: message.readableBytesUInt8Span.extracting(range))
    return ErasedValue(value, forKey: key, as: type)
  }
}

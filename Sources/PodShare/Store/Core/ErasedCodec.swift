import NIOCore

/// A store's codec for whoever does not know the type of its values.
protocol ErasedCodec: AnyObject, Sendable {
  /// Writes the bytes of a value into an empty buffer.
  ///
  /// Always empty: a codec is a user's code, and may well replace what it should append to.
  func encode(_ value: ErasedValue, into buffer: inout ByteBuffer) throws

  /// Passes the bytes of a value, which are only there while `body` runs.
  func withBytes(of value: ErasedValue, _ body: (Span<UInt8>) -> Void) throws

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

  func withBytes(of value: ErasedValue, _ body: (Span<UInt8>) -> Void) throws {
    if let raw { return try raw.withBytes(of: value.value(as: Typed.Value.self, in: type.layout), body) }
    var buffer = ByteBuffer()
    try encode(value, into: &buffer)
    body(buffer.readableBytesUInt8Span)
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

public import NIOCore

/// Turns values into bytes and back.
///
/// Any type that is `Codable` has ``JSONCodec``. Write your own for a more compact format, or for values that are not
/// `Codable`. A codec is called from many threads at once, and never while the store holds a lock.
///
/// ```swift
/// struct ColorCodec: Codec {
///   func encode(_ color: Color, into buffer: inout ByteBuffer) {
///     buffer.writeInteger(color.rgb)
///   }
///
///   func decode(_ bytes: ByteBuffer) throws -> Color {
///     guard let rgb = bytes.getInteger(at: bytes.readerIndex, as: UInt32.self) else { throw ColorError.short }
///     return Color(rgb: rgb)
///   }
/// }
/// ```
public protocol Codec<Value>: Sendable {
  /// What is encoded.
  associatedtype Value: Sendable

  /// Appends the bytes of `value` to `buffer`, which the store passes empty. Throws if the value cannot be encoded; the write
  /// is refused then.
  func encode(_ value: Value, into buffer: inout ByteBuffer) throws

  /// Makes a value from all readable bytes of `bytes`, and keeps no slice of them.
  ///
  /// Throws if they are no value of this type: the entry is then kept undecoded, forwarded to other pods, and reads go
  /// on showing the last value that decoded.
  func decode(_ bytes: ByteBuffer) throws -> Value
}

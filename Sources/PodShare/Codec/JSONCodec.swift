import Foundation
public import NIOCore

/// Values as JSON: the default for `Codable` values.
///
/// Reading is permissive: members that the type does not know are ignored, so that an older build reads what a newer
/// one writes. What it writes itself, and passes on to other pods, is without them; see <doc:Codecs>.
///
/// Integers, floating-point numbers, booleans and strings take a direct path, chosen once when the codec is made; all
/// else goes through Foundation's `JSONEncoder` and `JSONDecoder` with their defaults.
public struct JSONCodec<Value: Codable & Sendable>: Codec {
  private let scalar: (any JSONScalar.Type)?

  public init() {
    scalar = Value.self as? any JSONScalar.Type
  }

  public func encode(_ value: Value, into buffer: inout ByteBuffer) throws {
    if scalar != nil, let scalar = value as? any JSONScalar, scalar.writeJSON(into: &buffer) { return }
    buffer.writeBytes(try JSONEncoder().encode(value))
  }

  public func decode(_ bytes: ByteBuffer) throws -> Value {
    if let scalar, let value = scalar.init(json: bytes) as? Value { return value }
    return try JSONDecoder().decode(Value.self, from: Data(bytes.readableBytesView))
  }
}

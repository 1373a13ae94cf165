public import NIOCore
import PodShareJSON

/// Values as JSON, like ``JSONCodec``, but a member that the type does not decode is an error.
///
/// It writes what ``JSONCodec`` writes, and what both decode is the same value. Where ``JSONCodec`` would leave out a
/// part of the JSON, anywhere in it, decoding throws an ``UnknownMemberError`` that names the first such part:
///
/// - A member of an object is known if the type asked for it, or if it has a case in a `CodingKeys` that the type
///   opened the object with. Several types that read one object, such as a class and its superclass, know what any of
///   them knows. With keys that can be any string, as those of dictionaries, all members are known if the type asks for
///   all keys, and otherwise those that it asks for.
/// - An element of an array is known if the type has read it.
/// - An object or array that the type reads nothing of, as a type without properties does, has to be empty.
/// - What is in a member that is known but never decoded is not looked at.
///
/// A member that the type fails to decode, and goes on without, is known for all that; what is in it is not, unless the
/// type has read it in another way. If a name stands twice in one object, the first counts and the second is not looked
/// at, as with ``JSONCodec``.
///
/// Use it where an old build that silently ignores a new field would do harm; <doc:Codecs> says what a roll-out looks
/// like then.
public struct StrictJSONCodec<Value: Codable & Sendable>: Codec {
  private let permissive = JSONCodec<Value>()

  public init() {}

  public func encode(_ value: Value, into buffer: inout ByteBuffer) throws {
    try permissive.encode(value, into: &buffer)
  }

  /// Makes a value from all readable bytes of `bytes`.
  ///
  /// Throws what ``JSONCodec`` throws, and otherwise an ``UnknownMemberError`` if the value leaves something out.
  public func decode(_ bytes: ByteBuffer) throws -> Value {
    try value(of: bytes.readableBytesUInt8Span)
  }
}

extension StrictJSONCodec: RawCodec {
  func withBytes(of value: Value, _ body: (Span<UInt8>) -> Void) throws {
    try permissive.withBytes(of: value, body)
  }

  func value(of bytes: Span<UInt8>) throws -> Value {
    do {
      return try JSON.decodeStrictly(Value.self, from: bytes)
    } catch let unread as UnreadPart {
      throw UnknownMemberError(unread)
    }
  }
}

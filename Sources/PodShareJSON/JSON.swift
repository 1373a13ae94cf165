import Foundation

/// `Codable` values as JSON and back, as Foundation's `JSONEncoder` and `JSONDecoder` do it with their defaults.
///
/// What one side writes, the other reads as the same value, and both refuse the same bytes: with Foundation, too, what is
/// in a string or number that the type ignores may be malformed, a comma may stand behind the last member, and UTF-16 and
/// UTF-32 are read. What differs, on purpose:
///
/// - Members stand in the order in which they are encoded, those of dictionaries sorted by their keys' UTF-8, instead of
///   in an order that changes from run to run. `allKeys` has the order of the text.
/// - `/` is not escaped.
/// - `Decimal.nan`, which Foundation writes as `NaN` and cannot read again, is an error.
/// - A value may be nested 512 levels deep in both directions; Foundation writes 511 and reads 512.
/// - `0e1` is zero, which some versions of Foundation refuse.
/// - Where a type uses an encoder in a way that Foundation stops the program for, such as encoding two values into one
///   place, encoding throws.
/// - A value that fails to encode leaves nothing behind if the type around it goes on. In Foundation it may.
/// - A value that is encoded into a container nested in an array, and meanwhile writes an element to that array itself,
///   may find it before the container instead of behind it.
/// - The coding path of an encoder, a decoder or a container consists of keys that have the names of the type's own. In
///   errors they are the type's own where they went through this decoder or encoder. Foundation leaves containers out of
///   the path of an encoder that were opened by hand.
/// - An error about what is wrong within a string or number, such as one that is out of range, says where it is; in
///   Foundation its path is empty.
/// - Descriptions of errors are worded differently.
package enum JSON {
  /// How many arrays and objects may stand within one another.
  static let maximumDepth = 512

  /// Encodes a value and hands over its JSON, which is valid until `body` returns.
  ///
  /// - Throws: `EncodingError` if there is no JSON for the value; what the value's own `encode(to:)` throws; what `body`
  ///   throws.
  package static func encode<Value: Encodable, Result>(
    _ value: Value, _ body: (Span<UInt8>) throws -> Result
  ) throws -> Result {
    let state = ThreadStates.takeEncoding()
    do {
      try state.encode(value)
      let result = try state.output.withBytes { try body($0.assumingMemoryBound(to: UInt8.self).span) }
      ThreadStates.put(back: consume state)
      return result
    } catch {
      ThreadStates.put(back: consume state)
      throw error
    }
  }

  /// Makes a value of a type from all of `bytes`, which are not used any more when this returns.
  ///
  /// - Throws: `DecodingError` if the bytes are no JSON, or none of this type; what the type's own `init(from:)` throws.
  package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: Span<UInt8>) throws -> Value {
    try bytes.bytes.withUnsafeBytes { try decode(type, from: $0, isStrict: false) }
  }

  /// Makes a value of a type from all of `bytes`, and fails if the type leaves a part of them out.
  ///
  /// - Throws: ``UnreadPart`` if there is one; otherwise what ``decode(_:from:)`` throws.
  package static func decodeStrictly<Value: Decodable>(
    _ type: Value.Type, from bytes: Span<UInt8>
  ) throws -> Value {
    try bytes.bytes.withUnsafeBytes { try decode(type, from: $0, isStrict: true) }
  }

  private static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: UnsafeRawBufferPointer, isStrict: Bool
  ) throws -> Value {
    switch TextEncoding(of: bytes) {
    case .utf8(let markLength):
      return try decode(
        type, fromUTF8: UnsafeRawBufferPointer(rebasing: bytes.dropFirst(markLength)), isStrict)
    case .other(let encoding, let markLength):
      guard var text = String(bytes: bytes.dropFirst(markLength), encoding: encoding) else {
        let description =
          "The given data was not valid JSON: it is not in the encoding that its beginning says."
        throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: description))
      }
      return try text.withUTF8 { try decode(type, fromUTF8: UnsafeRawBufferPointer($0), isStrict) }
    }
  }

  private static func decode<Value: Decodable>(
    _ type: Value.Type, fromUTF8 bytes: UnsafeRawBufferPointer, _ isStrict: Bool
  ) throws -> Value {
    let state = ThreadStates.takeDecoding()
    do {
      let value = try state.decode(type, from: bytes, isStrict: isStrict)
      ThreadStates.put(back: consume state)
      return value
    } catch {
      ThreadStates.put(back: consume state)
      throw error
    }
  }
}

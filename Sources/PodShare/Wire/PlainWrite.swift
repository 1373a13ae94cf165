package import NIOCore

/// A write as nearly all are: of one key, to a value, with nothing more to say about it.
package struct PlainWrite: Sendable {
  package let version: Version
  package let key: Key
  /// Where the value's bytes are among the readable ones of the message.
  package let value: Range<Int>
}

extension WireDecoder {
  /// The message as a plain write by a known pod. Nil if it is none, or malformed: ``decode(_:)`` says what it is then.
  @inline(__always)
  package static func plainWrite(_ message: ByteBuffer, by author: EncodedIdentity) -> PlainWrite? {
    guard message.readableBytes <= WireLimits.messageBytes, author.identity.hasKnownIncarnation else {
      return nil
    }
    do {
      return try WireReader.read(message) { reader throws(WireError) in
        try plainWrite(&reader, by: author)
      }
    } catch {
      return nil
    }
  }

  @inline(__always)
  private static func plainWrite(
    _ reader: inout WireReader, by author: EncodedIdentity
  ) throws(WireError) -> PlainWrite? {
    guard author.preamble.isSkipped(by: &reader) else { return nil }
    let timestamp = try reader.timestamp()
    let sequence: UInt64 = try reader.integer()
    guard sequence < .max, try reader.integer(UInt32.self) == 1,
      try reader.integer() == WireCode.Content.set.rawValue
    else { return nil }
    let key = try reader.key()
    guard try reader.integer() == UInt8(truncatingIfNeeded: Lifetime.permanent.kind) else { return nil }
    let value = try reader.range(Int(try reader.integer(UInt32.self)))
    // The flags are all there is behind the value.
    guard try reader.integer(UInt8.self) == 0, reader.remaining == 0 else { return nil }
    let version = Version(timestamp: timestamp, author: author.identity, sequence: sequence)
    return PlainWrite(version: version, key: key, value: value)
  }
}

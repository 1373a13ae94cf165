package import NIOCore

/// What those have seen who keep a topic's entries in an ``EntryTransport``: kept beside them, under a name that no key has.
///
/// Whatever the context contains has its effect in the entries kept beside it; so an entry that it contains and that is
/// not among them was deleted. That holds only for entries of the same *generation*: if everything was removed and kept anew,
/// it is another.
package struct KeptContext: Sendable {
  package let tag: ByteBuffer
  package let generation: UInt64
  package let context: CausalContext

  /// No text in UTF-8 has the first byte.
  package static let name = ByteBuffer(bytes: [0xff] + Array("context".utf8))

  /// Reads a field.
  package init(content: ByteBuffer) throws(WireError) {
    (tag, generation, context) = try WireReader.read(content) { reader throws(WireError) in
      let tag = try reader.slice(KeptEntry.tagBytes)
      _ = try reader.slice(Int(try reader.integer(UInt16.self)))
      guard try WireDecoder.readPreamble(&reader) == .keptContext else {
        throw reader.error(.malformed("what is kept is some other message"))
      }
      try reader.requireChecksum()
      let generation: UInt64 = try reader.integer()
      let context = try reader.context()
      _ = try reader.integer(UInt32.self)  // The checksum.
      try reader.requireEnd()
      return (tag, generation, context)
    }
  }

  /// - Parameter tag: Drawn at random, so that no two contents are alike.
  package init(tag: UInt64, generation: UInt64, context: CausalContext) {
    self.tag = ByteBuffer(integer: tag)
    self.generation = generation
    self.context = context
  }

  package var encoded: ByteBuffer {
    var buffer = tag
    buffer.writeInteger(UInt16(0))
    buffer.writeInteger(WireCode.version)
    buffer.writeInteger(WireCode.Kind.keptContext.rawValue)
    buffer.writeInteger(generation)
    buffer.writeContext(context)
    buffer.writeInteger(CRC32C.checksum(of: buffer.readableBytesUInt8Span))
    return buffer
  }
}

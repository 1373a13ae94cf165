package import NIOCore

/// The whole state of a topic as one buffer, for transports that keep such a thing: chunks of state, one behind the
/// other, each with its length in front. Or, of wire version 1, one JSON object.
package enum SavedSnapshot {
  /// What a snapshot says. Entries that make no sense do not keep the others from being read.
  package struct Contents: Sendable {
    package var entries: [WireEntry] = []
    /// Why entries were left out: the first of them, so that a snapshot of nothing else takes no more memory than it has
    /// bytes.
    package private(set) var rejected: [WireError] = []
    package private(set) var rejectedCount = 0

    private static let maxRejected = 100

    mutating func reject(_ error: WireError) {
      rejectedCount += 1
      if rejected.count < Self.maxRejected { rejected.append(error) }
    }
  }

  package static func encode(_ chunks: [ByteBuffer]) -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: chunks.reduce(2) { $0 + $1.readableBytes + 4 })
    buffer.writeInteger(WireCode.version)
    buffer.writeInteger(WireCode.Kind.snapshot.rawValue)
    for chunk in chunks {
      buffer.writeInteger(UInt32(chunk.readableBytes))
      buffer.writeImmutableBuffer(chunk)
    }
    return buffer
  }

  package static func decode(_ bytes: ByteBuffer) throws(WireError) -> Contents {
    if WireVersion1.isVersion1(bytes) { return try WireVersion1.decodeSnapshot(bytes) }
    return try WireReader.read(bytes) { reader throws(WireError) in
      guard try WireDecoder.readPreamble(&reader) == .snapshot else {
        throw WireError(.malformed("the snapshot is some other message"))
      }
      var contents = Contents()
      while reader.remaining > 0 {
        guard case .state(_, let entries) = try WireDecoder.decode(try reader.value()) else {
          throw WireError(.malformed("the snapshot holds something other than state"))
        }
        contents.entries += entries
      }
      return contents
    }
  }
}

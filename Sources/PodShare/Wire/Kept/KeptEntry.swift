package import NIOCore

/// One key's entry as an ``EntryTransport`` keeps it, under the key's bytes as its name.
///
/// The tag is the entry's digest: entries with equal tags are equal, whoever encoded them. The rank is the version, so
/// encoded that bytes compare as versions do: timestamp, node ID with a zero behind it, which no node ID contains, sequence
/// number; the first and the last as eight bytes, the most significant first. Behind it stands a chunk of state with this
/// entry alone.
package struct KeptEntry: Sendable {
  package let key: Key
  package let tag: ByteBuffer
  package let entries: [WireEntry]

  /// Why an entry could not be read.
  package struct Failure: Error {
    package let error: WireError
    /// A later build may understand what this one does not: that must not be replaced. Garbage may.
    package var isReplaceable: Bool { !error.isOfLaterBuild }
  }

  package static var tagBytes: Int { 8 }

  /// Reads a field.
  package init(name: ByteBuffer, content: ByteBuffer) throws(Failure) {
    try self.init(name: name, content: content, knowing: nil)
  }

  /// - Parameter author: Whose it is likely to be.
  init(name: ByteBuffer, content: ByteBuffer, knowing author: EncodedIdentity?) throws(Failure) {
    do throws(WireError) {
      try self.init(reading: name, content, author)
    } catch {
      throw Failure(error: error)
    }
  }

  private init(
    reading name: ByteBuffer, _ content: ByteBuffer, _ author: EncodedIdentity?
  ) throws(WireError) {
    guard name.readableBytes <= WireLimits.keyBytes else { throw WireError(.malformed("a key is too long")) }
    let key = try WireReader.read(name) { reader throws(WireError) in Key(try reader.text(reader.remaining)) }
    let (tag, message) = try WireReader.read(content) { reader throws(WireError) in
      let tag = try reader.slice(Self.tagBytes)
      _ = try reader.slice(Int(try reader.integer(UInt16.self)))
      return (tag, try reader.slice(reader.remaining))
    }
    guard case .state(_, let entries) = try WireDecoder.decode(message, knowing: author) else {
      throw WireError(.malformed("what is kept is some other message"))
    }
    guard !entries.isEmpty, entries.allSatisfy({ $0.key == key }) else {
      throw WireError(.malformed("what is kept is of another key"))
    }
    (self.key, self.tag, self.entries) = (key, tag, entries)
  }

  /// What is to be kept of an entry.
  ///
  /// - Throws: What `encode` throws.
  package static func encode<Value: Sendable>(
    _ entry: StoredEntry<Value>, forKey key: Key, by sender: PodIdentity, isMerged: Bool,
    encode: (Value, inout ByteBuffer) throws -> Void
  ) throws -> ByteBuffer {
    var content = ByteBuffer()
    content.writeInteger(tag(of: entry, forKey: key, isMerged: isMerged))
    content.writeLengthPrefixedRank(of: entry.version)
    var chunks: [ByteBuffer] = []
    var encoder = StateEncoder(sender: sender, answer: nil, isSettled: true, chunkBytes: .max) {
      chunks.append($0)
    }
    try encoder.add(entry, forKey: key, encode: encode)
    encoder.finish()
    for chunk in chunks { content.writeImmutableBuffer(chunk) }
    return content
  }

  package static func name(of key: Key) -> ByteBuffer { ByteBuffer(string: key.string) }

  package static func tag(of entry: StoredEntry<some Sendable>, forKey key: Key, isMerged: Bool) -> UInt64 {
    let keyHash = StableHash.hash(key)
    return entry.isTombstone
      ? entry.tombstoneDigest(keyHash: keyHash) : entry.digest(keyHash: keyHash, isMerged: isMerged)
  }
}

extension ByteBuffer {
  fileprivate mutating func writeLengthPrefixedRank(of version: Version) {
    writeInteger(UInt16(8 + version.origin.utf8.count + 1 + 8))
    writeInteger(version.timestamp.nanoseconds)
    writeString(version.origin)
    writeInteger(UInt8(0))
    writeInteger(version.sequence)
  }
}

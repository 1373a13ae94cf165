package import NIOCore

/// Turns the bytes of a message into a message. Values stay bytes.
package enum WireDecoder {
  /// Decodes a message. Never reads beyond it and never allocates more than a small multiple of its size.
  ///
  package static func decode(_ bytes: ByteBuffer) throws(WireError) -> WireMessage {
    try decode(bytes, knowing: nil)
  }

  /// Decodes a message.
  ///
  /// - Parameter author: If it is by this pod, this is the identity that the message has.
  static func decode(_ bytes: ByteBuffer, knowing author: EncodedIdentity?) throws(WireError) -> WireMessage {
    guard bytes.readableBytes <= WireLimits.messageBytes else { throw WireError(.oversized) }
    if WireVersion1.isVersion1(bytes) { return .write(try WireVersion1.decodeEvent(bytes)) }
    return try WireReader.read(bytes, knowing: author) { reader throws(WireError) in try decode(&reader) }
  }

  private static func decode(_ reader: inout WireReader) throws(WireError) -> WireMessage {
    let kind = try readPreamble(&reader)
    switch kind {
    case .write: return .write(try decodeWrite(&reader))
    case .stateRequest: return .stateRequest(try decodeStateRequest(&reader))
    case .state:
      let (chunk, entries) = try decodeState(&reader)
      return .state(chunk, entries)
    case .snapshot: throw WireError(.malformed("a snapshot is not a message"))
    case .keptContext: throw WireError(.malformed("what is kept is not a message"))
    case .heartbeat, .comparison, .differences, .want, .missing, .context, .forgotten, .receipt, .goodbye:
      let sender = try readSender(&reader)
      guard let message = try SyncMessage.decode(kind, from: sender, &reader) else {
        throw reader.error(.unknownKind(kind.rawValue))
      }
      return .sync(message)
    }
  }

  /// The keys that a write message of this pod's own is about.
  package static func keys(ofWrite bytes: ByteBuffer) -> [Key] {
    guard case .write(let write) = try? decode(bytes) else { return [] }
    return write.entries.map(\.key)
  }

  static func readPreamble(_ reader: inout WireReader) throws(WireError) -> WireCode.Kind {
    guard reader.remaining > 0 else { throw WireError(.empty) }
    let version: UInt8 = try reader.integer()
    guard version == WireCode.version else {
      // A version is a small number; other bytes are the beginning of something else.
      guard WireCode.laterVersions.contains(version) else {
        throw WireError(.malformed("the first byte is \(version), and no message begins with it"))
      }
      throw WireError(.unsupportedVersion(UInt64(version)))
    }
    let code: UInt8 = try reader.integer()
    guard let kind = WireCode.Kind(rawValue: code) else { throw WireError(.unknownKind(code)) }
    return kind
  }

  static func readSender(_ reader: inout WireReader) throws(WireError) -> PodIdentity {
    let sender = try reader.identity()
    reader.origin = sender.nodeID
    return sender
  }

  // MARK: Writes

  private static func decodeWrite(_ reader: inout WireReader) throws(WireError) -> WireWrite {
    let author = try readSender(&reader)
    let timestamp = try reader.timestamp()
    let first: UInt64 = try reader.integer()
    let count = Int(try reader.integer(UInt32.self))
    guard count > 0 else { throw reader.error(.malformed("a write without entries")) }
    guard count <= reader.remaining / 2 else { throw reader.error(.truncated) }
    guard !first.addingReportingOverflow(UInt64(count)).overflow else { throw reader.error(.numberOverflow) }

    var entries: [WireEntry] = []
    entries.reserveCapacity(min(count, 4_096))
    for index in 0..<count {
      let version = Version(timestamp: timestamp, author: author, sequence: first + UInt64(index))
      let content = try readContent(&reader)
      let key = try reader.key()
      switch content {
      case .set:
        let lifetime = try reader.lifetime()
        let set = WireEntry.Content.set(lifetime: lifetime, bytes: try reader.value())
        entries.append(WireEntry(key: key, version: version, epoch: .beginning, content: set))
      case .delete:
        entries.append(
          WireEntry(key: key, version: version, epoch: .after(version), content: .delete(at: timestamp)))
      }
    }
    try readTrailer(&reader, into: &entries)
    try reader.requireEnd()
    return WireWrite(author: author, timestamp: timestamp, entries: entries)
  }

  private static func readTrailer(
    _ reader: inout WireReader, into entries: inout [WireEntry]
  ) throws(WireError) {
    let flags: UInt8 = try reader.integer()
    guard flags & ~WireCode.Trailer.known == 0 else {
      throw reader.error(.malformed("unknown flags \(flags)"))
    }
    if flags & WireCode.Trailer.wall != 0 {
      let wall = try reader.timestamp()
      for index in entries.indices {
        if case .delete = entries[index].content { entries[index].content = .delete(at: wall) }
      }
    }
    if flags & WireCode.Trailer.raised != 0 {
      for _ in 0..<(try reader.count()) {
        let index = try readIndex(&reader, in: entries)
        let version = entries[index].version
        guard let nanoseconds = Int64(exactly: try reader.varint()) else {
          throw reader.error(.numberOverflow)
        }
        let (raised, overflow) = version.timestamp.nanoseconds.addingReportingOverflow(nanoseconds)
        let timestamp = Timestamp(nanoseconds: raised)
        guard !overflow, timestamp.isInRange else { throw reader.error(.timestampOutOfRange) }
        entries[index].version = Version(
          timestamp: timestamp, author: version.author, sequence: version.sequence)
        if case .delete = entries[index].content { entries[index].epoch = .after(entries[index].version) }
      }
    }
    if flags & WireCode.Trailer.epochs != 0 {
      for _ in 0..<(try reader.count()) {
        let index = try readIndex(&reader, in: entries)
        let timestamp = try reader.timestamp()
        let author = try reader.author()
        let delete = Version(timestamp: timestamp, author: author, sequence: try reader.integer())
        try setEpoch(of: &entries[index], after: delete, reader)
      }
    }
  }

  private static func readIndex(
    _ reader: inout WireReader, in entries: [WireEntry]
  ) throws(WireError) -> Int {
    let index = try reader.varint()
    guard index < UInt64(entries.count) else { throw reader.error(.numberOverflow) }
    return Int(index)
  }

  private static func setEpoch(
    of entry: inout WireEntry, after delete: Version, _ reader: borrowing WireReader
  ) throws(WireError) {
    guard case .set = entry.content, delete < entry.version else {
      throw reader.error(.malformed("a write is older than the delete it came after"))
    }
    entry.epoch = .after(delete)
  }

  static func readContent(_ reader: inout WireReader) throws(WireError) -> WireCode.Content {
    let code: UInt8 = try reader.integer()
    guard let content = WireCode.Content(rawValue: code) else {
      throw reader.error(.malformed("entry kind \(code) is unknown"))
    }
    return content
  }

  // MARK: State requests

  private static func decodeStateRequest(_ reader: inout WireReader) throws(WireError) -> StateRequest {
    let sender = try readSender(&reader)
    let request = StateRequest(sender: sender, id: try reader.integer())
    try reader.requireEnd()
    return request
  }
}

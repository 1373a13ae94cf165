import NIOCore

extension WireVersion1 {
  /// Reads an event as Go's decoder does: members in any order and case, of doubled ones the last, unknown ones
  /// ignored. What is no event of a known kind, with a key and an origin, is refused.
  static func decodeEvent(_ bytes: ByteBuffer) throws(WireError) -> WireWrite {
    var scanner = JSONScanner(bytes)
    var kind: String?
    var key: String?
    var fields = EntryFields()
    try scanner.object { (name, scanner) throws(WireError) in
      let member: EventMember? = scanner.member(name)
      switch member {
      case .v: try checkVersion(&scanner)
      case .kind: kind = try scanner.textOrNull() ?? kind
      case .key: key = try scanner.textOrNull() ?? key
      case .value: fields.value = try scanner.valueBytes()
      case .origin: try fields.readOrigin(&scanner)
      case .timestamp: try fields.readTimestamp(&scanner)
      case .seq: try fields.readSequence(&scanner)
      case nil: try scanner.skipValue()
      }
    }
    try scanner.requireEnd()

    guard let kind else { throw scanner.error("the message has no kind") }
    guard let kind = Kind(rawValue: kind) else {
      throw scanner.error("message kind \(kind.prefix(40).debugDescription) is unknown")
    }
    guard let key else { throw scanner.error("the message has no key") }
    let entry = try fields.entry(forKey: key, isDelete: kind == .delete)
    return WireWrite(author: entry.version.author, timestamp: entry.version.timestamp, entries: [entry])
  }

  /// Reads a snapshot. An entry that makes no sense is left out and reported; the others stand.
  static func decodeSnapshot(_ bytes: ByteBuffer) throws(WireError) -> SavedSnapshot.Contents {
    var scanner = JSONScanner(bytes)
    var contents = SavedSnapshot.Contents()
    var indices: [Key: Int] = [:]
    // Few origins have written many entries: each is kept once.
    var authors: Set<PodIdentity> = []
    try scanner.object { (name, scanner) throws(WireError) in
      let member: SnapshotMember? = scanner.member(name)
      switch member {
      case .v: try checkVersion(&scanner)
      case .entries:
        guard try scanner.nextKind() != .null else { return try scanner.null() }
        try scanner.object { (name, scanner) throws(WireError) in
          let entry: WireEntry
          switch try readEntry(name, &scanner) {
          case .success(let read):
            entry = read.with(author: authors.insert(read.version.author).memberAfterInsert)
          case .failure(let error): return contents.reject(error)
          }
          if let index = indices[entry.key] {
            contents.entries[index] = entry
          } else {
            indices[entry.key] = contents.entries.count
            contents.entries.append(entry)
          }
        }
      case nil: try scanner.skipValue()
      }
    }
    try scanner.requireEnd()
    return contents
  }

  private static func checkVersion(_ scanner: inout JSONScanner) throws(WireError) {
    guard let version: UInt8 = try scanner.integerOrNull() else { return }
    guard version <= Self.version else {
      throw WireError(.unsupportedVersion(version), origin: scanner.origin)
    }
  }

  /// Reads one member of a snapshot's entries. Throws where this is no JSON, so that nothing after it can be read.
  private static func readEntry(
    _ name: JSONScanner.StringToken, _ scanner: inout JSONScanner
  ) throws(WireError) -> Result<WireEntry, WireError> {
    // Read once more from here if it cannot be understood.
    let start = scanner
    do throws(WireError) {
      scanner.origin = nil
      let key = try scanner.text(name)
      var fields = EntryFields()
      var isTombstone = false
      try scanner.object { (name, scanner) throws(WireError) in
        let member: EntryMember? = scanner.member(name)
        switch member {
        case .value: fields.value = try scanner.valueBytes()
        case .timestamp: try fields.readTimestamp(&scanner)
        case .origin: try fields.readOrigin(&scanner)
        case .tombstone: isTombstone = try scanner.boolOrNull() ?? isTombstone
        case .seq: try fields.readSequence(&scanner)
        case nil: try scanner.skipValue()
        }
      }
      return .success(try fields.entry(forKey: key, isDelete: isTombstone))
    } catch {
      var error = error
      error.key = (try? start.text(name)) ?? error.key
      scanner = start
      try scanner.skipValue()
      return .failure(error)
    }
  }
}

extension WireEntry {
  /// The same entry with another instance of its author.
  fileprivate func with(author: PodIdentity) -> WireEntry {
    var entry = self
    entry.version = Version(timestamp: version.timestamp, author: author, sequence: version.sequence)
    if epoch != .beginning { entry.epoch = .after(entry.version) }
    return entry
  }
}

/// What an event and a snapshot's entry have in common.
private struct EntryFields {
  var value: [UInt8] = []
  private var origin: String?
  private var timestamp: Timestamp?
  private var sequence: UInt64 = 0

  mutating func readOrigin(_ scanner: inout JSONScanner) throws(WireError) {
    origin = try scanner.textOrNull() ?? origin
    scanner.origin = origin
  }

  mutating func readTimestamp(_ scanner: inout JSONScanner) throws(WireError) {
    timestamp = try scanner.timestampOrNull() ?? timestamp
  }

  mutating func readSequence(_ scanner: inout JSONScanner) throws(WireError) {
    sequence = try scanner.integerOrNull() ?? sequence
  }

  func entry(forKey key: String, isDelete: Bool) throws(WireError) -> WireEntry {
    guard let origin, Names.isValidNodeID(origin) else {
      throw WireError(
        .malformed("a node ID is missing, empty, too long or has control characters"), origin: origin)
    }
    guard Names.isValidKey(key) else {
      throw WireError(.malformed("a key is longer than \(WireLimits.keyBytes) bytes"), origin: origin)
    }
    // Go takes an absent timestamp for the year 1.
    guard let timestamp else { throw WireError(.timestampOutOfRange, origin: origin) }
    let version = Version(
      timestamp: timestamp, author: PodIdentity(ofUnknownIncarnation: origin), sequence: sequence)
    return WireEntry(
      key: Key(key), version: version, epoch: isDelete ? .after(version) : .beginning,
      content: isDelete
        ? .delete(at: timestamp) : .set(lifetime: .permanent, bytes: ByteBuffer(bytes: value)))
  }
}

import NIOCore

// Every member of an object is found first, and only then what counts is read: of doubled members the last, whatever
// those before it said.
extension WireVersion1 {
  /// Reads an event as Go's decoder does: members in any order and case, unknown ones ignored. What is no event of a
  /// known kind, with a key, an origin and a timestamp, is refused.
  static func decodeEvent(_ bytes: ByteBuffer) throws(WireError) -> WireWrite {
    var scanner = JSONScanner(bytes)
    var version: JSONScanner.Token?
    var kind: JSONScanner.Token?
    var key: JSONScanner.Token?
    var members = EntryMembers()
    do throws(WireError) {
      try scanner.object { (name, scanner) throws(WireError) in
        let member: EventMember? = scanner.member(name)
        let value = try scanner.value()
        switch member {
        case .v: version.take(value)
        case .kind: kind.take(value)
        case .key: key.take(value)
        case .value: members.value = value
        case .origin: members.origin.take(value)
        case .timestamp: members.timestamp.take(value)
        case .seq: members.sequence.take(value)
        case nil: break
        }
      }
      try scanner.requireEnd()

      try check(version, scanner)
      guard let kind else { throw WireError(.malformed("the message has no kind")) }
      let kindText = try scanner.string(kind, of: "kind")
      guard let kind = Kind(rawValue: kindText) else {
        throw WireError(.malformed("message kind \(kindText.quoted) is unknown"))
      }
      guard let key else { throw WireError(.malformed("the message has no key")) }
      let entry = try members.entry(
        forKey: try scanner.string(key, of: "key"), isDelete: kind == .delete, scanner)
      return WireWrite(author: entry.version.author, timestamp: entry.version.timestamp, entries: [entry])
    } catch {
      throw error.about(key: key, origin: members.origin, scanner)
    }
  }

  /// Reads a snapshot. An entry that makes no sense is left out and reported; the others stand.
  static func decodeSnapshot(_ bytes: ByteBuffer) throws(WireError) -> SavedSnapshot.Contents {
    var scanner = JSONScanner(bytes)
    var contents = SavedSnapshot.Contents()
    var version: JSONScanner.Token?
    var hasEntries = false
    var indices: [Key: Int] = [:]
    try scanner.object { (name, scanner) throws(WireError) in
      let member: SnapshotMember? = scanner.member(name)
      switch member {
      case .v: version.take(try scanner.value())
      case .entries:
        hasEntries = true
        guard try scanner.nextKind() != .null else {
          _ = try scanner.value()
          return
        }
        try scanner.object { (name, scanner) throws(WireError) in
          let entry: WireEntry
          switch try readEntry(name, &scanner) {
          case .success(let read): entry = read
          case .failure(let error): return contents.reject(error)
          }
          if let index = indices[entry.key] {
            contents.entries[index] = entry
          } else {
            indices[entry.key] = contents.entries.count
            contents.entries.append(entry)
          }
        }
      case nil: _ = try scanner.value()
      }
    }
    try scanner.requireEnd()
    try check(version, scanner)
    // Some other object, and so nothing that a newer one may take the place of.
    guard hasEntries else { throw WireError(.malformed("the snapshot has no entries, not even none")) }
    return contents
  }

  private static func check(_ version: JSONScanner.Token?, _ scanner: JSONScanner) throws(WireError) {
    guard let version else { return }
    let number: UInt64 = try scanner.number(version, of: "v")
    guard number <= Self.version else { throw WireError(.unsupportedVersion(number), member: "v") }
  }

  /// Reads one member of a snapshot's entries. Throws where this is no JSON, so that nothing after it can be read.
  private static func readEntry(
    _ name: JSONScanner.Token, _ scanner: inout JSONScanner
  ) throws(WireError) -> Result<WireEntry, WireError> {
    var members = EntryMembers()
    var tombstone: JSONScanner.Token?
    if try scanner.nextKind() == .object {
      try scanner.object { (name, scanner) throws(WireError) in
        let member: EntryMember? = scanner.member(name)
        let value = try scanner.value()
        switch member {
        case .value: members.value = value
        case .timestamp: members.timestamp.take(value)
        case .origin: members.origin.take(value)
        case .tombstone: tombstone.take(value)
        case .seq: members.sequence.take(value)
        case nil: break
        }
      }
    } else {
      // No entry, which is then found to lack everything.
      _ = try scanner.value()
    }
    do throws(WireError) {
      let isDelete = if let tombstone { try scanner.boolean(tombstone, of: "tombstone") } else { false }
      return .success(
        try members.entry(forKey: try scanner.string(name, of: "entries"), isDelete: isDelete, scanner))
    } catch {
      return .failure(error.about(key: name, origin: members.origin, scanner))
    }
  }
}

/// What an event and a snapshot's entry have in common.
private struct EntryMembers {
  var value: JSONScanner.Token?
  var origin: JSONScanner.Token?
  var timestamp: JSONScanner.Token?
  var sequence: JSONScanner.Token?

  func entry(forKey key: String, isDelete: Bool, _ scanner: JSONScanner) throws(WireError) -> WireEntry {
    guard Names.isValidKey(key) else {
      throw WireError(.malformed("the key is longer than \(WireLimits.keyBytes) bytes"))
    }
    guard let origin else { throw WireError(.malformed("there is no origin")) }
    let nodeID = try scanner.string(origin, of: "origin")
    guard Names.isValidNodeID(nodeID) else {
      throw WireError(.malformed("the origin is empty, too long or has control characters"))
    }
    // Go takes an absent one for the year 1.
    guard let timestamp else { throw WireError(.malformed("there is no timestamp")) }
    let stamp = try scanner.timestamp(timestamp, of: "timestamp")
    let number: UInt64 =
      try sequence.map { token throws(WireError) in try scanner.number(token, of: "seq") } ?? 0
    let bytes = try value.map { token throws(WireError) in try scanner.codecBytes(token, of: "value") } ?? []
    guard let author = PodIdentity(heardOf: nodeID, incarnation: PodIdentity.unknownIncarnation)
    else {
      throw WireError(.tooManyNodeIDs)
    }
    let version = Version(timestamp: stamp, author: author, sequence: number)
    return WireEntry(
      key: Key(key), version: version, epoch: isDelete ? .after(version) : .beginning,
      content: isDelete
        ? .delete(at: version.timestamp) : .set(lifetime: .permanent, bytes: ByteBuffer(bytes: bytes)))
  }
}

extension WireError {
  /// The same error with what can be read of the key and the origin it is about.
  fileprivate func about(
    key: JSONScanner.Token?, origin: JSONScanner.Token?, _ scanner: JSONScanner
  ) -> WireError {
    var error = self
    error.key = key.flatMap { try? scanner.string($0, of: "key") }
    error.origin = origin.flatMap { try? scanner.string($0, of: "origin") }
    return error
  }
}

// Entries of other replicas' tables, as they come in chunks or were kept by a transport.
extension Replica where Storage: ~Copyable {
  /// What merging some entries has brought about so far.
  private struct Merging {
    let wall: Timestamp
    /// They are of the stream by which this replica joins.
    let isStream: Bool
    /// Go into the context when their effect is in the table.
    var numbers = WriteNumbers()
    /// The live ones that were deleted here and are not even remembered as such.
    var forgotten: [SyncMessage.EntryDigest] = []
  }

  /// Takes in entries of another replica's table. Returns the live ones that were deleted here and are not even
  /// remembered as such.
  ///
  /// - Parameter isStream: They are of the stream by which this replica joins.
  mutating func merge(
    _ entries: [Write<Value>], isStream: Bool, wall: Timestamp, outbox: inout Outbox<Value>
  ) -> [SyncMessage.EntryDigest] {
    var merging = Merging(wall: wall, isStream: isStream)
    // Writes are large, and looked at in a span they are not copied.
    let entries = entries.span
    storage.begin()
    var start = 0
    while start < entries.count {
      // Mostly one. Where a key has several, they stand one behind the other, and change it together.
      var end = start + 1
      while end < entries.count, entries[end].key == entries[start].key { end += 1 }
      merge(entries, start..<end, &merging, outbox: &outbox)
      start = end
    }
    storage.publish()
    context.insert(merging.numbers)
    return merging.forgotten
  }

  /// Takes in the writes in a range, which are of one key.
  private mutating func merge(
    _ writes: Span<Write<Value>>, _ range: Range<Int>, _ merging: inout Merging, outbox: inout Outbox<Value>
  ) {
    let key = writes[range.lowerBound].key
    let previous = storage.entry(forKey: key)
    var entry: StoredEntry<Value>?
    // The latest write that had an effect.
    var cause = range.lowerBound
    for index in range
    where isAdmitted(writes[index], over: previous, &merging, outbox: &outbox) {
      guard let changed = resolve(entry ?? previous, with: writes[index], wall: merging.wall, outbox: &outbox)
      else { continue }
      entry = changed
      cause = index
    }
    if merging.isStream { confirm(key) }
    guard let entry else { return }
    storage.put(entry, forKey: key)
    if let previous {
      note(entry, over: previous, by: writes[cause], outbox: &outbox)
    } else {
      if !merging.isStream { noteUnconfirmed(key) }
      note(entry, by: writes[cause], outbox: &outbox)
    }
  }

  /// Whether a write is to be resolved with what is here.
  private mutating func isAdmitted(
    _ write: Write<Value>, over current: StoredEntry<Value>?, _ merging: inout Merging,
    outbox: inout Outbox<Value>
  ) -> Bool {
    guard !isUnjoinable(write.key, write.version) else { return false }
    if options.merge == nil, write.isJoined {
      outbox.append(.report(.stillDifferent(key: write.key.string, peer: write.version.origin)))
    }
    guard !isForgotten(write, current) else {
      counters.rejectedWrites += 1
      if !write.isDelete { merging.forgotten.append(digest(of: write)) }
      return false
    }
    merging.numbers.append(write.version)
    return true
  }

  private func digest(of write: Write<Value>) -> SyncMessage.EntryDigest {
    let keyHash = StableHash.hash(write.key)
    let entry = resolution.entry(for: write)
    return SyncMessage.EntryDigest(
      keyHash: keyHash, hash: entry.digest(keyHash: keyHash, isMerged: options.merge != nil))
  }

  /// Whether an entry of another pod's was once here and is gone for good.
  ///
  /// A value that is missing here, though its write was seen, was deleted here; so it was if what is here is older, which
  /// somebody had not seen deleted. A delete that was seen has had its effect where there is nothing now; what has been
  /// written since is judged by its version as ever, lest a pod whose clock is off decides for the others.
  private func isForgotten(_ entry: Write<Value>, _ current: StoredEntry<Value>?) -> Bool {
    if entry.isDelete, case .after(let delete) = entry.epoch {
      return current == nil && context.contains(delete)
    }
    if let current, current.version >= entry.version { return false }
    return context.contains(entry.version)
  }
}

// Entries of other replicas' tables, as they come in chunks or were kept by a transport.
extension Replica where Storage: ~Copyable {
  /// What merging some entries has brought about so far.
  private struct Merging {
    let wall: Timestamp
    /// They are of the stream by which this replica joins.
    let isStream: Bool
    var numbers = MergedNumbers()
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
    recordOwnNumbers()
    var merging = Merging(wall: wall, isStream: isStream)
    storage.begin()
    // Lends its elements, where the array copies them.
    let span = entries.span
    var start = 0
    while start < span.count {
      var end = start + 1
      defer { start = end }
      if mergePlain(span, at: start, &merging, outbox: &outbox) { continue }
      while end < span.count, span[end].key == span[start].key { end += 1 }
      if end == start + 1 {
        merge(span[start], &merging, outbox: &outbox)
      } else {
        merge(entries[start..<end], &merging, outbox: &outbox)
      }
    }
    storage.publish()
    recorded.insert(merging.numbers)
    return merging.forgotten
  }

  /// Takes in a write that is a value alone, where it meets nothing, or the value of another write, and there is no merge
  /// function. Returns false if it is none.
  private mutating func mergePlain(
    _ entries: Span<Write<Value>>, at index: Int, _ merging: inout Merging, outbox: inout Outbox<Value>
  ) -> Bool {
    guard !isMerging, entries[index].isPlain, case .set(let value) = entries[index].content else {
      return false
    }
    let (key, version) = (entries[index].key, entries[index].version)
    // Those of one key go together.
    if index + 1 < entries.count, entries[index + 1].key == key { return false }
    let place = storage.place(of: key)
    guard let previous = plainPredecessor(of: version, at: place) else { return false }
    if merging.isStream { confirm(key) }
    if let previous, version.timestamp < previous.timestamp {
      merging.numbers.append(version, in: recorded)
      counters.rejectedWrites += 1
      return true
    }
    guard !merging.numbers.wasSeen(version, in: recorded) else {
      counters.rejectedWrites += 1
      merging.forgotten.append(digest(of: entries[index]))
      return true
    }
    merging.numbers.append(version, in: recorded)
    counters.appliedWrites += 1
    storage.put(value, version, forKey: key, at: place)
    if previous == nil, !merging.isStream { noteUnconfirmed(key) }
    note(value, version, forKey: key, over: previous, outbox: &outbox)
    return true
  }

  private mutating func merge(_ write: Write<Value>, _ merging: inout Merging, outbox: inout Outbox<Value>) {
    if merging.isStream { confirm(write.key) }
    let place = storage.place(of: write.key)
    let previous = storage.entry(at: place)
    guard isAdmitted(write, over: previous, &merging, outbox: &outbox),
      let entry = resolve(previous, with: write, wall: merging.wall, outbox: &outbox)
    else { return }
    put(entry, over: previous, by: write, isStream: merging.isStream, outbox: &outbox)
  }

  /// Takes in several writes of one key, which stand one behind the other: they change it together.
  private mutating func merge(
    _ writes: ArraySlice<Write<Value>>, _ merging: inout Merging, outbox: inout Outbox<Value>
  ) {
    let key = writes[writes.startIndex].key
    if merging.isStream { confirm(key) }
    let previous = storage.entry(forKey: key)
    // What it becomes, and by which write.
    var change: (entry: StoredEntry<Value>, cause: Write<Value>)?
    for write in writes where isAdmitted(write, over: previous, &merging, outbox: &outbox) {
      let current = change?.entry ?? previous
      if let entry = resolve(current, with: write, wall: merging.wall, outbox: &outbox) {
        change = (entry, write)
      }
    }
    guard let change else { return }
    put(change.entry, over: previous, by: change.cause, isStream: merging.isStream, outbox: &outbox)
  }

  private mutating func put(
    _ entry: StoredEntry<Value>, over previous: StoredEntry<Value>?, by write: Write<Value>, isStream: Bool,
    outbox: inout Outbox<Value>
  ) {
    storage.put(entry, forKey: write.key)
    if let previous { return note(entry, over: previous, by: write, outbox: &outbox) }
    if !isStream { noteUnconfirmed(write.key) }
    note(entry, by: write, outbox: &outbox)
  }

  /// Whether a write is to be resolved with what is here.
  private mutating func isAdmitted(
    _ write: Write<Value>, over current: StoredEntry<Value>?, _ merging: inout Merging,
    outbox: inout Outbox<Value>
  ) -> Bool {
    guard !isUnjoinable(write.key, write.version) else { return false }
    if !isMerging, write.isJoined { reportJoined(write, outbox: &outbox) }
    guard !isForgotten(write, over: current, &merging) else {
      counters.rejectedWrites += 1
      if !write.isDelete { merging.forgotten.append(digest(of: write)) }
      return false
    }
    merging.numbers.append(write.version, in: recorded)
    return true
  }

  private func reportJoined(_ write: Write<Value>, outbox: inout Outbox<Value>) {
    outbox.append(.report(.stillDifferent(key: write.key.string, peer: write.version.origin)))
  }

  private func digest(of write: Write<Value>) -> SyncMessage.EntryDigest {
    let keyHash = StableHash.hash(write.key)
    let entry = resolution.entry(for: write)
    return SyncMessage.EntryDigest(
      keyHash: keyHash, hash: entry.digest(keyHash: keyHash, isMerged: isMerging))
  }

  /// Whether an entry of another pod's was once here and is gone for good.
  ///
  /// A value that is missing here, though its write was seen, was deleted here; so it was if what is here is older, which
  /// somebody had not seen deleted. A delete that was seen has had its effect where there is nothing now; what has been
  /// written since is judged by its version as ever, lest a pod whose clock is off decides for the others.
  private func isForgotten(
    _ entry: Write<Value>, over current: StoredEntry<Value>?, _ merging: inout Merging
  ) -> Bool {
    if entry.isDelete, case .after(let delete) = entry.epoch {
      return current == nil && recorded.contains(delete)
    }
    let isOlder = current.map { $0.version >= entry.version } ?? false
    return !isOlder && merging.numbers.wasSeen(entry.version, in: recorded)
  }
}

// The way into the table and out of it, and what follows from either: digests, counts, events.
extension Replica where Storage: ~Copyable {
  /// Puts a value where there is nothing, or in the place of the older value of one write, and without a merge function:
  /// what nearly all writes come to. It does what the ways below would do with the value's entry, without making one.
  mutating func commit(
    _ value: Value, _ version: Version, forKey key: Key, at place: Storage.Place,
    over previous: VersionNumbers?, outbox: inout Outbox<Value>
  ) {
    storage.commit(value, version, forKey: key, at: place)
    if previous == nil { noteUnconfirmed(key) }
    note(value, version, forKey: key, over: previous, outbox: &outbox)
  }

  /// Whether a write comes to that: its value, and the version of the value there is.
  func plainChange(by write: Write<Value>, at place: Storage.Place) -> (Value, over: VersionNumbers?)? {
    guard !isMerging, case .set(let value) = write.content,
      let previous = plainPredecessor(of: write.version, at: place)
    else { return nil }
    return (value, previous)
  }

  /// The version of the value that a value with this version meets, nil if it meets nothing; nil altogether if what is there
  /// has to be looked at.
  func plainPredecessor(of version: Version, at place: Storage.Place) -> VersionNumbers?? {
    guard let previous = storage.occupant(of: place).previous,
      // Of two writes of one instant the names of their authors decide.
      previous?.timestamp != version.timestamp
    else { return nil }
    return .some(previous)
  }

  /// What follows from a value that is in the table.
  mutating func note(
    _ value: Value, _ version: Version, forKey key: Key, over previous: VersionNumbers?,
    outbox: inout Outbox<Value>
  ) {
    let keyHash = StableHash.hash(key)
    let change = VersionNumbers(version).entryDigest(keyHash: keyHash)
    if let previous {
      digest.toggle(change ^ previous.entryDigest(keyHash: keyHash), at: keyHash)
    } else {
      digest.toggle(change, at: keyHash)
      counters.keys += 1
    }
    outbox.tell(
      Event(
        change: .set(value), key: key.string, origin: version.origin, timestamp: version.timestamp,
        version: version))
  }

  /// Puts an entry whose key has none.
  mutating func commit(
    _ entry: StoredEntry<Value>, by write: Write<Value>, at place: Storage.Place,
    outbox: inout Outbox<Value>
  ) {
    storage.commit(entry, forKey: write.key, at: place)
    noteUnconfirmed(write.key)
    note(entry, by: write, outbox: &outbox)
  }

  /// Puts an entry in the place of another.
  mutating func commit(
    _ entry: StoredEntry<Value>, over current: StoredEntry<Value>, by write: Write<Value>,
    at place: Storage.Place, outbox: inout Outbox<Value>
  ) {
    storage.commit(entry, forKey: write.key, at: place)
    note(entry, over: current, by: write, outbox: &outbox)
  }

  mutating func commit(_ application: Application<Value>, outbox: inout Outbox<Value>) {
    let changes = application.changes
    guard !changes.isEmpty else { return }
    storage.commit(changes.lazy.map { (key: $0.write.key, value: $0.entry) })
    for change in changes {
      if let previous = change.previous {
        note(change.entry, over: previous, by: change.write, outbox: &outbox)
      } else {
        noteUnconfirmed(change.write.key)
        note(change.entry, by: change.write, outbox: &outbox)
      }
    }
  }

  // Two of each, with and without a predecessor: an optional entry is copied wherever something is asked of it.

  /// What follows from an entry that is in the table.
  mutating func note(
    _ entry: StoredEntry<Value>, by write: Write<Value>, outbox: inout Outbox<Value>
  ) {
    let keyHash = StableHash.hash(write.key)
    replace(.nothing, with: tally(of: entry, keyHash), at: keyHash)
    if case .tombstone(let time) = entry.content { tombstones.insert(write.key, deletedAt: time) }
    if entry.isReadable { outbox.tell(resolution.event(of: entry, by: write)) }
  }

  /// What follows from an entry that is in the table in the place of another.
  mutating func note(
    _ entry: StoredEntry<Value>, over previous: StoredEntry<Value>, by write: Write<Value>,
    outbox: inout Outbox<Value>
  ) {
    let keyHash = StableHash.hash(write.key)
    replace(tally(of: previous, keyHash), with: tally(of: entry, keyHash), at: keyHash)
    if case .tombstone(let time) = entry.content { tombstones.insert(write.key, deletedAt: time) }
    if resolution.isVisible(entry, over: previous) {
      outbox.tell(resolution.event(of: entry, by: write))
    }
    if let replaced = previous.value { outbox.retire(replaced) }
  }

  private func tally(of entry: StoredEntry<Value>, _ keyHash: UInt64) -> Tally {
    Tally(of: entry, keyHash: keyHash, isMerged: isMerging)
  }

  private mutating func replace(_ old: Tally, with new: Tally, at keyHash: UInt64) {
    digest.toggle(old.digest ^ new.digest, at: keyHash)
    digest.toggleTombstone(old.tombstoneDigest ^ new.tombstoneDigest)
    counters.keys += new.keys - old.keys
    counters.tombstones += new.tombstones - old.tombstones
    counters.opaqueEntries += new.opaqueEntries - old.opaqueEntries
  }

  /// Takes an entry out that another pod has seen deleted, so long ago that not even the tombstone is left.
  mutating func drop(_ key: Key, outbox: inout Outbox<Value>) {
    guard let entry = storage.entry(forKey: key) else { return }
    remove(entry, key)
    unsent.remove(key)
    counters.healing.dropped += 1
    guard let readable = entry.readable else { return }
    outbox.retire(readable.value)
    outbox.tell(
      Event(
        change: .delete, key: key.string, origin: readable.version.origin,
        timestamp: readable.version.timestamp, version: entry.version))
  }

  private mutating func remove(_ entry: StoredEntry<Value>, _ key: Key) {
    storage.remove(forKey: key)
    let keyHash = StableHash.hash(key)
    replace(tally(of: entry, keyHash), with: .nothing, at: keyHash)
  }

  /// Forgets tombstones older than their time to live, at most `limit` of them. Returns whether there may be more.
  package mutating func collectTombstones(
    wall: Timestamp, limit: Int = 1_024, outbox: inout Outbox<Value>
  ) -> Bool {
    let keys = tombstones.takeExpired(at: wall, limit: limit)
    for key in keys {
      guard let entry = storage.entry(forKey: key), case .tombstone(let time) = entry.content,
        tombstones.isExpired(deletedAt: time, at: wall)
      else { continue }
      guard !unsent.contains(key) else {
        tombstones.insert(key, deletedAt: wall)  // Nobody else knows of it yet: later.
        continue
      }
      remove(entry, key)
      counters.tombstonesCollected += 1
    }
    return keys.count == limit
  }
}

/// One pod's copy of the dictionary, as a state machine without I/O: no clock, lock, task or randomness inside.
///
/// It takes inputs (a local write, a received message, a tick), each with the wall clock's reading, changes its
/// storage and appends actions to an outbox. Whoever drives it performs those: ``Store`` behind a lock and over a
/// transport, the simulated network in virtual time.
package struct Replica<Storage: EntryStorage & ~Copyable>: ~Copyable {
  package typealias Value = Storage.Value

  package let identity: PodIdentity
  let options: ReplicaOptions<Value>
  let resolution: ConflictResolution<Value>
  private let startedAt: Timestamp

  var storage: Storage
  private var clock = HybridClock()
  private(set) var lastSequence: UInt64
  private(set) var recent: RecentKeys
  package private(set) var digest = Digest()
  package internal(set) var context = CausalContext()
  private var tombstones: TombstoneIndex
  var healing: Healing
  package internal(set) var unsent: Set<Key> = []
  var isConnected = true
  package internal(set) var counters = ReplicaCounters()

  /// - Parameters:
  ///   - now: The wall clock's reading: what was stamped later under this node ID is not a predecessor's.
  ///   - seed: Where its random numbers come from.
  package init(
    identity: PodIdentity, options: ReplicaOptions<Value>, storage: consuming Storage, now: Timestamp,
    seed: UInt64
  ) {
    self.identity = identity
    self.options = options
    self.storage = storage
    startedAt = now
    resolution = ConflictResolution(merge: options.merge, tombstoneTTL: options.tombstoneTTL)
    lastSequence = identity.incarnation
    recent = RecentKeys(first: identity.incarnation + 1)
    healing = Healing(seed: seed, incarnation: identity.incarnation)
    tombstones = TombstoneIndex(timeToLive: options.tombstoneTTL)
  }

  /// The number of entries, tombstones included.
  package var count: Int { storage.count }

  /// The entry under a key, tombstones included.
  package func entry(forKey key: Key) -> StoredEntry<Value>? {
    storage.entry(forKey: key)
  }

  /// All entries, tombstones included, as a dictionary. O(entries): for tests.
  package func snapshot() -> [Key: StoredEntry<Value>] {
    Dictionary(uniqueKeysWithValues: storage.snapshot().lazy.map { ($0.key, $0.value) })
  }

  /// Does some of what the storage has put off. Returns whether there may be more.
  package mutating func tidy() -> Bool {
    storage.tidy()
  }

  // MARK: Local writes

  /// Applies a local write and has it published.
  ///
  /// - Parameters:
  ///   - changes: What to write, at least one change; all become visible together.
  ///   - encoder: The same changes as a message, but for their versions.
  /// - Returns: The version of the last change.
  package mutating func write(
    _ changes: some Collection<LocalChange<Value>>, encoder: consuming WriteEncoder, wall: Timestamp,
    outbox: inout Outbox<Value>
  ) throws(StoreError) -> Version {
    guard wall <= .latest else {
      // A clock that far off must not move the hybrid clock, which never runs back.
      throw .timestampOutOfRange(key: changes.first?.key.string ?? "", timestamp: wall)
    }
    let wall = max(wall, .earliest)
    var stamp = WriteStamp(timestamp: clock.tick(wall: wall), firstSequence: lastSequence + 1, wall: wall)
    var application = Application<Value>()
    var last: Version?
    for (index, change) in changes.enumerated() {
      let current = application.pending(change.key) ?? storage.entry(forKey: change.key)
      let write = try number(change, index: index, over: current, stamp: &stamp)
      if let entry = resolution.resolve(current, with: write) {
        application.put(entry, over: current, by: write)
      }
      last = write.version
    }
    guard let last else { throw .internalInconsistency("a write without changes") }
    lastSequence = last.sequence
    for change in changes { recent.append(change.key) }
    context.insert(stamp.firstSequence...last.sequence, of: identity)
    counters.localWrites += UInt64(changes.count)
    commit(application, outbox: &outbox)
    outbox.append(.publish(encoder, stamp))
    return last
  }

  private func number(
    _ change: LocalChange<Value>, index: Int, over current: StoredEntry<Value>?, stamp: inout WriteStamp
  ) throws(StoreError) -> Write<Value> {
    var timestamp = stamp.timestamp
    if let stored = current?.version.timestamp, stored >= timestamp {
      // A write wins over all that this pod has seen, whatever the clocks say.
      timestamp = stored.advanced(by: .nanoseconds(1))
      stamp.raised.append((index, UInt64(timestamp.nanoseconds - stamp.timestamp.nanoseconds)))
    }
    guard timestamp.isInRange else {
      throw .timestampOutOfRange(key: change.key.string, timestamp: timestamp)
    }
    let version = Version(
      timestamp: timestamp, author: identity, sequence: stamp.firstSequence + UInt64(index))
    switch change.action {
    case .delete:
      return Write(
        key: change.key, version: version, epoch: .after(version), content: .delete(at: stamp.wall))
    case .set(let value):
      let epoch = current?.epoch ?? .beginning
      if case .after(let delete) = epoch { stamp.epochs.append((index, delete)) }
      return Write(key: change.key, version: version, epoch: epoch, content: .set(value))
    }
  }

  /// Fills an empty replica with entries stamped `asOf`; they reach the other pods with the next tick.
  package mutating func seed(
    _ entries: some Collection<(Key, Value)>, asOf: Timestamp, outbox: inout Outbox<Value>
  ) throws(StoreError) {
    guard storage.count == 0 else { throw .seedOnNonEmptyStore(count: storage.count) }
    var application = Application<Value>()
    for (key, value) in entries {
      lastSequence += 1
      recent.append(key)
      let version = Version(timestamp: asOf, author: identity, sequence: lastSequence)
      context.insert(version)
      let write = Write(key: key, version: version, content: .set(value))
      let current = application.pending(key)
      if let entry = resolution.resolve(current, with: write) {
        application.put(entry, over: current, by: write)
      }
      unsent.insert(key)
    }
    counters.localWrites += UInt64(entries.count)
    commit(application, outbox: &outbox)
  }

  // MARK: Writes of others

  /// Takes in another pod's live write, whole.
  package mutating func receive(
    _ writes: some Collection<Write<Value>>, from author: PodIdentity, stampedAt timestamp: Timestamp,
    wall: Timestamp,
    outbox: inout Outbox<Value>
  ) {
    guard author != identity, !isEcho(writes) else { return }
    if author.nodeIDOrder(to: identity) == .same,
      timestamp > startedAt.advanced(by: max(options.maxClockSkew, .seconds(60)))
    {
      // Too late to be something that this pod's predecessor had sent.
      outbox.append(.report(.duplicateNodeID(identity.nodeID)))
    }
    if !clock.observe(timestamp, wall: wall, maxSkew: options.maxClockSkew), options.maxClockSkew > .zero {
      outbox.append(.report(.clockSkew(peer: author.nodeID, ahead: timestamp.duration(since: wall))))
    }
    var application = Application<Value>()
    for write in writes {
      guard !context.contains(write.version) else {
        counters.rejectedWrites += 1
        continue
      }
      reportIfLate(write, wall: wall, outbox: &outbox)
      apply(write, to: &application, wall: wall, outbox: &outbox)
    }
    commit(application, outbox: &outbox)
    if !context.isContiguous(of: author) { wakeIfNumbersAreMissing(of: author, &outbox) }
  }

  /// Whether these are this pod's own writes, come back in wire version 1, which names no incarnation.
  private func isEcho(_ writes: some Collection<Write<Value>>) -> Bool {
    writes.allSatisfy { write in
      let version = write.version
      return !version.author.hasKnownIncarnation && version.author.nodeIDOrder(to: identity) == .same
        && context.contains(
          Version(timestamp: version.timestamp, author: identity, sequence: version.sequence))
    }
  }

  /// A write that nobody has seen is kept however late it comes; but if its key was deleted after it and the tombstone
  /// has been collected, that brings the key back, and somebody should know.
  private func reportIfLate(_ write: Write<Value>, wall: Timestamp, outbox: inout Outbox<Value>) {
    let age = wall.duration(since: write.version.timestamp)
    guard age > options.tombstoneTTL, !write.isDelete, storage.entry(forKey: write.key) == nil else { return }
    outbox.append(.report(.lateWrite(key: write.key.string, peer: write.version.origin, age: age)))
  }

  /// Takes in entries of another replica's table. Returns the live ones that were deleted here and are not even
  /// remembered as such.
  mutating func receive(
    entries: [Write<Value>], wall: Timestamp, outbox: inout Outbox<Value>
  ) -> [SyncMessage.EntryDigest] {
    var application = Application<Value>()
    var forgotten: [SyncMessage.EntryDigest] = []
    for write in entries where !isUnjoinable(write.key, write.version) {
      guard !isForgotten(write) else {
        counters.rejectedWrites += 1
        if !write.isDelete, let digest = digest(of: write) { forgotten.append(digest) }
        continue
      }
      apply(write, to: &application, wall: wall, outbox: &outbox)
    }
    commit(application, outbox: &outbox)
    return forgotten
  }

  private func digest(of write: Write<Value>) -> SyncMessage.EntryDigest? {
    let keyHash = StableHash.hash(write.key)
    return resolution.resolve(nil, with: write).map {
      SyncMessage.EntryDigest(
        keyHash: keyHash, hash: $0.digest(keyHash: keyHash, isMerged: options.merge != nil))
    }
  }

  /// Whether an entry of another pod's was once here and is gone for good.
  ///
  /// A value that is missing here, though its write was seen, was deleted here; so it was if what is here is older, which
  /// somebody had not seen deleted. A delete that was seen has had its effect where there is nothing now; what has been
  /// written since is judged by its version as ever, lest a pod whose clock is off decides for the others.
  private func isForgotten(_ entry: Write<Value>) -> Bool {
    let current = storage.entry(forKey: entry.key)
    if entry.isDelete, case .after(let delete) = entry.epoch {
      return current == nil && context.contains(delete)
    }
    return context.contains(entry.version) && current.map { $0.version < entry.version } ?? true
  }

  private mutating func apply(
    _ write: Write<Value>, to application: inout Application<Value>, wall: Timestamp,
    outbox: inout Outbox<Value>
  ) {
    var write = write
    if case .delete(let time) = write.content { write.content = .delete(at: max(min(time, wall), .earliest)) }
    context.insert(write.version)
    if write.isDelete, case .after(let delete) = write.epoch { context.insert(delete) }
    let current = application.pending(write.key) ?? storage.entry(forKey: write.key)
    if write.isOpaque, let dropped = resolution.opaqueWriteTooMany(in: current) {
      outbox.append(.report(.tooManyUndecodable(key: write.key.string, dropped: dropped)))
    }
    if let merge = options.merge { checkLaws(of: merge, current, write, outbox: &outbox) }
    if let entry = resolution.resolve(current, with: write) {
      application.put(entry, over: current, by: write)
      counters.appliedWrites += 1
    } else {
      counters.rejectedWrites += 1
    }
  }

  /// Tries on the values that really meet whether the merge function is a join: on the first ones, then on every 64th, for
  /// it is the user's code and runs under the lock. One that is none would leave the replicas different without a word.
  private mutating func checkLaws(
    of merge: Merge<Value>, _ current: StoredEntry<Value>?, _ write: Write<Value>, outbox: inout Outbox<Value>
  ) {
    guard case .value(let present) = current?.content, case .set(let value) = write.content else { return }
    counters.joins += 1
    guard counters.joins <= 256 || counters.joins.isMultiple(of: 64) else { return }
    guard !merge.isJoin(of: present, value) else { return }
    outbox.append(.report(.mergeNotAJoin(key: write.key.string, peer: write.version.origin)))
  }

  // MARK: Into the table

  private mutating func commit(_ application: Application<Value>, outbox: inout Outbox<Value>) {
    guard let first = application.first else { return }
    let others = application.others
    if others.isEmpty {
      storage.commit(first.entry, forKey: first.key)
    } else {
      var entries = [first.key: first.entry]
      for change in others { entries[change.key] = change.entry }
      storage.commit(entries)
    }
    note(first, outbox: &outbox)
    for change in others { note(change, outbox: &outbox) }
  }

  /// What follows from a change that is in the table.
  private mutating func note(_ change: Application<Value>.Change, outbox: inout Outbox<Value>) {
    count(change.entry, replacing: change.previous)
    updateDigest(change.key, from: change.previous, to: change.entry)
    if change.previous == nil { healing.joining?.unconfirmed.insert(change.key) }
    if let replaced = change.previous?.value { outbox.retire(replaced) }
    if case .tombstone(let time) = change.entry.content { tombstones.insert(change.key, deletedAt: time) }
    if let event = resolution.event(
      for: change.key, from: change.previous, to: change.entry, by: change.write)
    {
      outbox.tell(event)
    }
  }

  private mutating func updateDigest(
    _ key: Key, from previous: StoredEntry<Value>?, to entry: StoredEntry<Value>?
  ) {
    let keyHash = StableHash.hash(key)
    let isMerged = options.merge != nil
    let before = previous?.digest(keyHash: keyHash, isMerged: isMerged) ?? 0
    let after = entry?.digest(keyHash: keyHash, isMerged: isMerged) ?? 0
    digest.toggle(before ^ after, at: keyHash)
    digest.toggleTombstone(
      (previous?.tombstoneDigest(keyHash: keyHash) ?? 0) ^ (entry?.tombstoneDigest(keyHash: keyHash) ?? 0))
  }

  /// Takes an entry out that another pod has seen deleted, so long ago that not even the tombstone is left.
  mutating func drop(_ key: Key, outbox: inout Outbox<Value>) {
    guard let entry = storage.entry(forKey: key) else { return }
    storage.remove(forKey: key)
    unsent.remove(key)
    count(nil, replacing: entry)
    updateDigest(key, from: entry, to: nil)
    counters.healing.dropped += 1
    guard let readable = entry.readable else { return }
    outbox.retire(readable.value)
    outbox.tell(
      Event(
        change: .delete, key: key.string, origin: readable.version.origin,
        timestamp: readable.version.timestamp, version: entry.version))
  }

  private mutating func count(_ entry: StoredEntry<Value>?, replacing previous: StoredEntry<Value>?) {
    if let previous {
      if previous.value != nil { counters.keys -= 1 }
      if previous.isTombstone { counters.tombstones -= 1 }
      if previous.isOpaque { counters.opaqueEntries -= 1 }
    }
    guard let entry else { return }
    if entry.value != nil { counters.keys += 1 }
    if entry.isTombstone { counters.tombstones += 1 }
    if entry.isOpaque { counters.opaqueEntries += 1 }
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
      storage.remove(forKey: key)
      updateDigest(key, from: entry, to: nil)
      counters.tombstones -= 1
      counters.tombstonesCollected += 1
    }
    return keys.count == limit
  }
}

/// What a replica is told once.
package struct ReplicaOptions<Value: Sendable>: Sendable {
  package var merge: Merge<Value>?
  package var tombstoneTTL: Duration
  package var maxClockSkew: Duration
  /// Whether others can tell by numbers what they lack of this replica's writes: not if those travel in wire version 1,
  /// which does not say of which incarnation a number is.
  package var announcesNumbers = true

  package init(merge: Merge<Value>?, tombstoneTTL: Duration, maxClockSkew: Duration) {
    self.merge = merge
    self.tombstoneTTL = tombstoneTTL
    self.maxClockSkew = maxClockSkew
  }
}

/// What a replica counts.
package struct ReplicaCounters: Sendable, Equatable {
  package var localWrites: UInt64 = 0
  package var appliedWrites: UInt64 = 0
  package var rejectedWrites: UInt64 = 0
  package var keys = 0
  package var tombstones = 0
  package var opaqueEntries = 0
  package var tombstonesCollected: UInt64 = 0
  /// In merge mode, how often two values met.
  package var joins: UInt64 = 0
  package var healing = HealingCounters()
}

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

  /// Applies a local write of one key and has it published.
  ///
  /// - Parameters:
  ///   - encoder: The same change as a message, but for its version.
  /// - Returns: The version of the write.
  package mutating func write(
    _ change: LocalChange<Value>, encoder: consuming WriteEncoder, wall: Timestamp,
    outbox: inout Outbox<Value>
  ) throws(StoreError) -> Version {
    var stamp = try stamp(wall: wall, of: change.key)
    let version: Version
    if let current = storage.entry(forKey: change.key) {
      let write = try number(
        change, index: 0, over: current.version.timestamp, in: current.epoch, stamp: &stamp)
      noteNumbers(through: write.version.sequence, of: CollectionOfOne(change))
      if let entry = resolution.resolve(current, with: write) {
        commit(entry, over: current, by: write, outbox: &outbox)
      }
      version = write.version
    } else {
      let write = try number(change, index: 0, over: nil, in: .beginning, stamp: &stamp)
      noteNumbers(through: write.version.sequence, of: CollectionOfOne(change))
      commit(resolution.entry(for: write), by: write, outbox: &outbox)
      version = write.version
    }
    outbox.append(.publish(encoder, stamp))
    return version
  }

  /// Applies a local write of several keys, or of none, and has it published. All becomes visible together.
  ///
  /// - Parameters:
  ///   - encoder: The same changes as a message, but for their versions.
  package mutating func write(
    _ changes: [LocalChange<Value>], encoder: consuming WriteEncoder, wall: Timestamp,
    outbox: inout Outbox<Value>
  ) throws(StoreError) {
    guard changes.count != 1 else {
      _ = try write(changes[0], encoder: encoder, wall: wall, outbox: &outbox)
      return
    }
    guard let first = changes.first else { return }
    var stamp = try stamp(wall: wall, of: first.key)
    var application = Application<Value>()
    for (index, change) in changes.enumerated() {
      let current = application.pending(change.key) ?? storage.entry(forKey: change.key)
      let write = try number(
        change, index: index, over: current?.version.timestamp, in: current?.epoch ?? .beginning,
        stamp: &stamp)
      if let entry = resolution.resolve(current, with: write) {
        application.put(entry, over: current, by: write)
      }
    }
    noteNumbers(through: stamp.firstSequence + UInt64(changes.count - 1), of: changes)
    commit(application, outbox: &outbox)
    outbox.append(.publish(encoder, stamp))
  }

  private mutating func stamp(wall: Timestamp, of key: Key) throws(StoreError) -> WriteStamp {
    guard wall <= .latest else {
      // A clock that far off must not move the hybrid clock, which never runs back.
      throw .timestampOutOfRange(key: key.string, timestamp: wall)
    }
    let wall = max(wall, .earliest)
    return WriteStamp(timestamp: clock.tick(wall: wall), firstSequence: lastSequence + 1, wall: wall)
  }

  /// Nothing can go wrong any more: the writes have the numbers that follow.
  private mutating func noteNumbers(
    through last: UInt64, of changes: some Collection<LocalChange<Value>>
  ) {
    context.insert((lastSequence + 1)...last, of: identity)
    lastSequence = last
    for change in changes { recent.append(change.key) }
    counters.localWrites += UInt64(changes.count)
  }

  /// - Parameters:
  ///   - stored: The stamp of what is under the key.
  ///   - epoch: The epoch of that.
  private func number(
    _ change: LocalChange<Value>, index: Int, over stored: Timestamp?, in epoch: Epoch,
    stamp: inout WriteStamp
  ) throws(StoreError) -> Write<Value> {
    var timestamp = stamp.timestamp
    if let stored, stored >= timestamp {
      // A write wins over all that this pod has seen, whatever the clocks say.
      timestamp = stored.next
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

  /// Takes in another pod's live write of one key.
  package mutating func receive(
    _ write: Write<Value>, from author: PodIdentity, stampedAt timestamp: Timestamp, wall: Timestamp,
    outbox: inout Outbox<Value>
  ) {
    guard author != identity, !isEcho(write) else { return }
    observe(author, timestamp, wall: wall, outbox: &outbox)
    let insertion = context.insert(write.version)
    if insertion.isNew {
      reportIfLate(write, wall: wall, outbox: &outbox)
      apply(write, wall: wall, outbox: &outbox)
    } else {
      counters.rejectedWrites += 1
    }
    if !insertion.isContiguous { wakeIfNumbersAreMissing(of: author, &outbox) }
  }

  /// Takes in another pod's live write of several keys, whole.
  package mutating func receive(
    _ writes: [Write<Value>], from author: PodIdentity, stampedAt timestamp: Timestamp, wall: Timestamp,
    outbox: inout Outbox<Value>
  ) {
    guard writes.count != 1 else {
      return receive(writes[0], from: author, stampedAt: timestamp, wall: wall, outbox: &outbox)
    }
    guard author != identity, !writes.allSatisfy({ isEcho($0) }) else { return }
    observe(author, timestamp, wall: wall, outbox: &outbox)
    var application = Application<Value>()
    var isContiguous = true
    for write in writes {
      let insertion = context.insert(write.version)
      isContiguous = insertion.isContiguous
      guard insertion.isNew else {
        counters.rejectedWrites += 1
        continue
      }
      reportIfLate(write, wall: wall, outbox: &outbox)
      apply(write, to: &application, wall: wall, outbox: &outbox)
    }
    commit(application, outbox: &outbox)
    if !isContiguous { wakeIfNumbersAreMissing(of: author, &outbox) }
  }

  /// Takes note of who writes, and of when by its clock.
  private mutating func observe(
    _ author: PodIdentity, _ timestamp: Timestamp, wall: Timestamp, outbox: inout Outbox<Value>
  ) {
    if author.nodeIDOrder(to: identity) == .same,
      timestamp > startedAt.advanced(by: max(options.maxClockSkew, .seconds(60)))
    {
      // Too late to be something that this pod's predecessor had sent.
      outbox.append(.report(.duplicateNodeID(identity.nodeID)))
    }
    if !clock.observe(timestamp, wall: wall, maxSkew: options.maxClockSkew), options.maxClockSkew > .zero {
      outbox.append(.report(.clockSkew(peer: author.nodeID, ahead: timestamp.duration(since: wall))))
    }
  }

  /// Whether this is a write of this pod's own, come back in wire version 1, which names no incarnation.
  private func isEcho(_ write: Write<Value>) -> Bool {
    let version = write.version
    return !version.author.hasKnownIncarnation && version.author.nodeIDOrder(to: identity) == .same
      && context.contains(
        Version(timestamp: version.timestamp, author: identity, sequence: version.sequence))
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
      if options.merge == nil, write.isJoined {
        outbox.append(.report(.stillDifferent(key: write.key.string, peer: write.version.origin)))
      }
      guard !isForgotten(write) else {
        counters.rejectedWrites += 1
        if !write.isDelete, let digest = digest(of: write) { forgotten.append(digest) }
        continue
      }
      context.insert(write.version)
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

  private mutating func apply(_ write: Write<Value>, wall: Timestamp, outbox: inout Outbox<Value>) {
    guard !write.isDelete else { return apply(asTaken: taken(write, wall: wall), outbox: &outbox) }
    apply(asTaken: write, outbox: &outbox)
  }

  private mutating func apply(asTaken write: Write<Value>, outbox: inout Outbox<Value>) {
    guard let current = storage.entry(forKey: write.key) else {
      counters.appliedWrites += 1
      return commit(resolution.entry(for: write), by: write, outbox: &outbox)
    }
    if let entry = resolve(current, with: write, outbox: &outbox) {
      commit(entry, over: current, by: write, outbox: &outbox)
    }
  }

  private mutating func apply(
    _ write: Write<Value>, to application: inout Application<Value>, wall: Timestamp,
    outbox: inout Outbox<Value>
  ) {
    let write = taken(write, wall: wall)
    guard let current = application.pending(write.key) ?? storage.entry(forKey: write.key) else {
      counters.appliedWrites += 1
      return application.put(resolution.entry(for: write), over: nil, by: write)
    }
    if let entry = resolve(current, with: write, outbox: &outbox) {
      application.put(entry, over: current, by: write)
    }
  }

  /// Another pod's write as it is taken: a delete is not from the future.
  private mutating func taken(_ write: Write<Value>, wall: Timestamp) -> Write<Value> {
    guard case .delete(let time) = write.content else { return write }
    if case .after(let delete) = write.epoch { context.insert(delete) }
    var write = write
    write.content = .delete(at: max(min(time, wall), .earliest))
    return write
  }

  /// What an entry becomes by another pod's write; nil if it changes nothing.
  private mutating func resolve(
    _ current: StoredEntry<Value>, with write: Write<Value>, outbox: inout Outbox<Value>
  ) -> StoredEntry<Value>? {
    if write.isOpaque, let dropped = resolution.opaqueWriteTooMany(in: current) {
      outbox.append(.report(.tooManyUndecodable(key: write.key.string, dropped: dropped)))
    }
    if let merge = options.merge { checkLaws(of: merge, current, write, outbox: &outbox) }
    guard let entry = resolution.resolve(current, with: write) else {
      counters.rejectedWrites += 1
      return nil
    }
    counters.appliedWrites += 1
    return entry
  }

  /// Tries on the values that really meet whether the merge function is a join: on the first ones, then on every 64th, for
  /// it is the user's code and runs under the lock. One that is none would leave the replicas different without a word.
  private mutating func checkLaws(
    of merge: Merge<Value>, _ current: StoredEntry<Value>, _ write: Write<Value>, outbox: inout Outbox<Value>
  ) {
    guard case .value(let present) = current.content, case .set(let value) = write.content else { return }
    counters.joins += 1
    guard counters.joins <= 256 || counters.joins.isMultiple(of: 64) else { return }
    guard !merge.isJoin(of: present, value) else { return }
    outbox.append(.report(.mergeNotAJoin(key: write.key.string, peer: write.version.origin)))
  }

  // MARK: Into the table

  /// Puts an entry whose key has none.
  private mutating func commit(
    _ entry: StoredEntry<Value>, by write: Write<Value>, outbox: inout Outbox<Value>
  ) {
    storage.commit(entry, forKey: write.key)
    note(entry, by: write, outbox: &outbox)
  }

  /// Puts an entry in the place of another.
  private mutating func commit(
    _ entry: StoredEntry<Value>, over current: StoredEntry<Value>, by write: Write<Value>,
    outbox: inout Outbox<Value>
  ) {
    storage.commit(entry, forKey: write.key)
    note(entry, over: current, by: write, outbox: &outbox)
  }

  private mutating func commit(_ application: Application<Value>, outbox: inout Outbox<Value>) {
    let changes = application.changes
    guard !changes.isEmpty else { return }
    storage.commit(Dictionary(uniqueKeysWithValues: changes.lazy.map { ($0.write.key, $0.entry) }))
    for change in changes {
      if let previous = change.previous {
        note(change.entry, over: previous, by: change.write, outbox: &outbox)
      } else {
        note(change.entry, by: change.write, outbox: &outbox)
      }
    }
  }

  // Two of each, with and without a predecessor: an optional entry is copied wherever something is asked of it.

  /// What follows from an entry that is in the table.
  private mutating func note(
    _ entry: StoredEntry<Value>, by write: Write<Value>, outbox: inout Outbox<Value>
  ) {
    let keyHash = StableHash.hash(write.key)
    replace(.nothing, with: tally(of: entry, keyHash), at: keyHash)
    healing.joining?.unconfirmed.insert(write.key)
    if case .tombstone(let time) = entry.content { tombstones.insert(write.key, deletedAt: time) }
    if entry.isReadable { outbox.tell(resolution.event(of: entry, by: write)) }
  }

  /// What follows from an entry that is in the table in the place of another.
  private mutating func note(
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
    Tally(of: entry, keyHash: keyHash, isMerged: options.merge != nil)
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

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
  let startedAt: Timestamp

  var storage: Storage
  var clock = HybridClock()
  var lastSequence: UInt64
  var recent: RecentKeys
  package internal(set) var digest = Digest()
  /// What ``context`` is, but for the latest numbers of this pod's own.
  var recorded = CausalContext()
  var tombstones: TombstoneIndex
  var healing: Healing
  package internal(set) var unsent: Set<Key> = []
  /// Before it asks who is there, nothing that others tell is listened to: it might hear one and not the rest.
  var isConnected = false
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

  /// Which writes have been taken in, this pod's own among them.
  ///
  /// Those are all its numbers so far, which need not be recorded one by one.
  package var context: CausalContext {
    mutating get {
      recordOwnNumbers()
      return recorded
    }
  }

  mutating func recordOwnNumbers() {
    guard lastSequence > (recorded.last(of: identity) ?? identity.incarnation) else { return }
    recorded.insert((identity.incarnation + 1)...lastSequence, of: identity)
  }

  /// Whether there is a merge function.
  var isMerging: Bool { options.merge != nil }

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

  /// Does some of what the storage has put off. Returns what there is left of it.
  package mutating func tidy() -> Leftovers {
    storage.tidy()
  }
}

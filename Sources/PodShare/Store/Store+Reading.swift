extension Store {
  /// The value under a key; nil if there is none. O(1). Local: sees every write that has returned on this pod.
  @inlinable
  public subscript(key: String) -> Value? {
    withExtendedLifetime(self) { table.value(forKey: key) }
  }

  /// The value under a key that was prepared; nil if there is none. O(1).
  @inlinable
  public subscript(key: PreparedKey) -> Value? {
    withExtendedLifetime(self) { table.value(forKey: key) }
  }

  /// Passes the value under a key to a closure, without copying it; nil if there is none.
  ///
  /// The closure may call the store, and write to it: it goes on with the value that it was given. While it runs, what is
  /// replaced in this store is not freed, so it should not take long.
  @inlinable
  public func withValue<Result, Failure>(
    forKey key: String, _ body: (Value) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    try table.withValue(forKey: key, body)
  }

  /// Passes the value under a key that was prepared to a closure, without copying it; nil if there is none. The fastest
  /// way to read.
  @inlinable
  public func withValue<Result, Failure>(
    forKey key: PreparedKey, _ body: (Value) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    try table.withValue(forKey: key, body)
  }

  /// The version of the entry under a key, for ``trySet(_:to:ifVersion:)``; nil if the key is absent or deleted.
  ///
  /// An entry whose value this build cannot decode has one too, though the key reads as nil: what is there is only written
  /// over by somebody who knows of it.
  public func version(of key: String) -> Version? {
    guard let entry = core.table.entry(forKey: Key(key)), !entry.isTombstone else { return nil }
    return entry.version
  }

  /// The number of keys with a value. O(1). Unlike other reads, it waits for a write that is being applied.
  public var count: Int { core.state.withLock { $0.replica.counters.keys } }

  /// The keys with a value, in no order. Sees all of a batch or none of it. O(entries).
  public var keys: [String] { snapshot().keys }

  /// All entries as they are at this moment: all of a batch or none of it. Later writes do not change it.
  public func snapshot() -> StoreSnapshot<Value> {
    StoreSnapshot(core.table.snapshot())
  }

  /// Reads several keys that belong together: `body` sees all of a batch or none of it, and may call the store.
  ///
  /// ```swift
  /// let (low, high) = store.read { view in (view["low"], view["high"]) }
  /// ```
  public func read<Result, Failure>(
    _ body: (StoreSnapshot<Value>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(snapshot())
  }

  /// What the store has counted, and what it holds.
  public var statistics: StoreStatistics {
    var statistics = StoreStatistics()
    core.state.withLock { state in
      let counters = state.replica.counters
      statistics.localWrites = counters.localWrites
      statistics.appliedWrites = counters.appliedWrites
      statistics.rejectedWrites = counters.rejectedWrites
      statistics.keys = counters.keys
      statistics.tombstones = counters.tombstones
      statistics.tombstonesCollected = counters.tombstonesCollected
      statistics.opaqueEntries = counters.opaqueEntries
      statistics.eventsDispatched = state.outbox.eventCount
      statistics.unsentKeys = state.unsentCount
      statistics.members = state.replica.members.count
      statistics.comparisons = counters.healing.comparisons
      statistics.gaps = counters.healing.gaps
      statistics.entriesHealed = counters.healing.entriesReceived
      statistics.entriesSentToHeal = counters.healing.entriesSent
      statistics.entriesDropped = counters.healing.dropped
    }
    statistics.syncBytesReceived = core.traffic.syncBytesReceived.value
    statistics.syncBytesSent = core.traffic.syncBytesSent.value
    statistics.messagesSent = core.traffic.messagesSent.value
    statistics.messagesReceived = core.traffic.messagesReceived.value
    statistics.invalidMessages = core.traffic.invalidMessages.value
    statistics.publishFailures = core.traffic.publishFailures.value
    statistics.statesServed = core.traffic.statesServed.value
    statistics.snapshotsSaved = core.traffic.snapshotsSaved.value
    statistics.snapshotBytes = core.traffic.snapshotBytes.value
    statistics.reads = core.table.reads
    statistics.watchers = core.events.watcherCount
    statistics.watchersDropped = core.events.dropped
    statistics.errors = core.reporter.count
    return statistics
  }
}

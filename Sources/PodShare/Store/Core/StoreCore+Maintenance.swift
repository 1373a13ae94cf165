import NIOConcurrencyHelpers
import NIOCore

// What a store does by itself, at intervals.
extension StoreCore {
  func startMaintenance() {
    // Holds the core only while it works, never while it sleeps.
    let time = configuration.time
    let interval = tickInterval
    let task = Task.detached { [weak self] in
      var elapsed = Elapsed()
      while !Task.isCancelled {
        do { try await time.sleep(interval) } catch { return }
        guard let self else { return }
        await self.maintain(after: interval, &elapsed)
      }
    }
    let isRunning = lifecycle.withLockedValue { lifecycle in
      guard lifecycle.phase == .running else { return false }
      lifecycle.maintenance = task
      return true
    }
    if !isRunning { task.cancel() }
  }

  /// How long ago each thing was done; measured in ticks, so that a wall clock that jumps does not matter.
  private struct Elapsed {
    var sinceSync = Duration.zero
    var sinceCollection = Duration.zero
    var sinceSnapshot = Duration.zero
    var sinceJoin: Duration? = .zero
  }

  private var tickInterval: Duration {
    var interval = min(configuration.syncInterval, configuration.gcInterval)
    if transport is any SnapshotTransport { interval = min(interval, configuration.snapshotInterval) }
    return interval
  }

  private func maintain(after interval: Duration, _ elapsed: inout Elapsed) async {
    elapsed.sinceSync += interval
    elapsed.sinceCollection += interval
    elapsed.sinceSnapshot += interval
    if elapsed.sinceSync >= configuration.syncInterval {
      elapsed.sinceSync = .zero
      update { $0.replica.tick(outbox: &$0.outbox) }
      // In parts: the write lock is held for a bounded time each.
      while update({ $0.replica.tidy() }) {}
    }
    if elapsed.sinceCollection >= configuration.gcInterval {
      elapsed.sinceCollection = .zero
      collectTombstones()
    }
    if let sinceJoin = elapsed.sinceJoin {
      elapsed.sinceJoin = sinceJoin + interval
      // A Go pod that joined with us, or had just written, has its snapshot in place only by then.
      if sinceJoin + interval >= .seconds(1) {
        elapsed.sinceJoin = nil
        await reportingErrors { () async throws(StoreError) in try await loadSnapshot() }
      }
    }
    if elapsed.sinceSnapshot >= configuration.snapshotInterval {
      elapsed.sinceSnapshot = .zero
      await reportingErrors { () async throws(StoreError) in try await saveSnapshot() }
    }
  }

  func collectTombstones() {
    // In parts: the write lock is held for a bounded time each.
    let wall = now()
    while update({ $0.replica.collectTombstones(wall: wall, outbox: &$0.outbox) }) {}
  }

  func reportingErrors(_ body: () async throws(StoreError) -> Void) async {
    do { try await body() } catch { reporter.report(error) }
  }

  // MARK: Flushing

  /// Waits until everything written before has been handed to the transport and has left it.
  func flush() async throws(StoreError) {
    try await waitForOutbox()
    let refused = try await publishUnsentInTurn()
    do {
      try await transport.drain()
    } catch {
      if Task.isCancelled { throw .cancelled("flushing") }
      throw StoreError(
        .broadcastFailed, "the transport could not send everything; the writes stand on this pod",
        cause: error)
    }
    try await saveSnapshot()
    let unsent = max(refused, state.withLock { $0.unsentCount })
    guard unsent == 0 else { throw .unsent(unsent, "yet") }
  }

  func waitForOutbox() async throws(StoreError) {
    let barrier = Latch()
    let mustWait = state.withLock { state in
      guard state.isDraining || state.rest != nil || !state.outbox.isEmpty else { return false }
      state.barriers.append(barrier)
      return true
    }
    guard mustWait else { return }
    performWhatIsThere()
    guard await barrier.wait() else { throw .cancelled("flushing") }
  }

  /// Returns how many keys' entries were refused once more.
  private func publishUnsentInTurn() async throws(StoreError) -> Int {
    let done = Latch()
    let refused = NIOLockedValueBox(0)
    // Behind what is being sent already.
    background.submit { [self] in
      let count = publishUnsent()
      refused.withLockedValue { $0 = count }
      done.open()
    }
    guard await done.wait() else { throw .cancelled("flushing") }
    return refused.withLockedValue { $0 }
  }

  // MARK: Snapshots that the transport keeps, or that other pods do

  /// Whether there is anything to load.
  var hasSnapshots: Bool { transport is any SnapshotTransport || transport is any StateExchangeTransport }

  /// Merges what the transport has kept, and what pods hold that know nothing of healing; garbage is reported and no
  /// obstacle.
  func loadSnapshot() async throws(StoreError) {
    await loadStates()
    guard let transport = transport as? any SnapshotTransport else { return }
    if let error = try await mergeSnapshot(from: transport) { reporter.report(.invalidSnapshot(error)) }
  }

  /// Merges what pods hold that know nothing of healing.
  func loadStates() async {
    guard let transport = transport as? any StateExchangeTransport else { return }
    for bytes in await transport.fetchStates(of: topic) {
      do throws(WireError) { merge(try SavedSnapshot.decode(bytes)) } catch {
        reporter.report(.invalidSnapshot(error))
      }
    }
  }

  /// Returns why what the transport has kept is no snapshot, if it is none.
  private func mergeSnapshot(from transport: any SnapshotTransport) async throws(StoreError) -> WireError? {
    let bytes: ByteBuffer?
    do {
      bytes = try await transport.fetchSnapshot(of: topic)
    } catch {
      throw .transport("could not fetch the snapshot", error)
    }
    guard let bytes else { return nil }
    do throws(WireError) {
      merge(try SavedSnapshot.decode(bytes))
      return nil
    } catch {
      return error
    }
  }

  private func merge(_ snapshot: SavedSnapshot.Contents) {
    for error in snapshot.rejected { reporter.report(.invalidSnapshot(error)) }
    if snapshot.rejectedCount > snapshot.rejected.count {
      let more = snapshot.rejectedCount - snapshot.rejected.count
      reporter.report(StoreError(.invalidSnapshot, "\(more) more entries of the snapshot could not be read"))
    }
    // In parts: the write lock is held for a bounded time each.
    var rest = snapshot.entries[...]
    while !rest.isEmpty {
      let writes = decode(Array(rest.prefix(Self.entriesMergedAtOnce)))
      rest = rest.dropFirst(Self.entriesMergedAtOnce)
      let wall = now()
      update { $0.replica.receive(saved: writes, wall: wall, outbox: &$0.outbox) }
    }
  }

  private static var entriesMergedAtOnce: Int { 1_024 }

  /// Saves what changed. What another pod has saved meanwhile is merged first, so that it is not lost.
  ///
  /// One save at a time, so that an older snapshot never lands on a newer one.
  func saveSnapshot() async throws(StoreError) {
    guard let transport = transport as? any SnapshotTransport else { return }
    let save = saving.withLockedValue { saving in
      let save = Task { [previous = saving] () -> StoreError? in
        _ = await previous?.value
        do throws(StoreError) { try await self.saveSnapshot(to: transport) } catch { return error }
        return nil
      }
      saving = save
      return save
    }
    if let error = await save.value { throw error }
  }

  private func saveSnapshot(to transport: any SnapshotTransport) async throws(StoreError) {
    guard
      state.withLock({ state in
        defer { state.isDirty = false }
        return state.isDirty
      })
    else { return }
    do throws(StoreError) {
      // What cannot be fetched must not be replaced, nor what only a later build can read: it may hold what this pod
      // has not seen. Garbage is replaced.
      if let error = try await mergeSnapshot(from: transport) {
        guard !error.isOfLaterBuild else { throw StoreError.snapshotOfLaterBuild(error) }
        reporter.report(.invalidSnapshot(error))
      }
      let snapshot = encodedSnapshot()
      try await save(snapshot, with: transport)
    } catch {
      state.withLock { $0.isDirty = true }
      throw error
    }
  }

  private func encodedSnapshot() -> ByteBuffer {
    guard configuration.wireFormat == .v2 else { return encodedVersion1Snapshot() }
    var chunks: [ByteBuffer] = []
    var encoder = StateEncoder(sender: identity, answer: nil, isSettled: true) { chunks.append($0) }
    add(table.snapshot(), to: &encoder)
    encoder.finish()
    return SavedSnapshot.encode(chunks)
  }

  private func save(_ snapshot: ByteBuffer, with transport: any SnapshotTransport) async throws(StoreError) {
    do {
      try await transport.saveSnapshot(snapshot, of: topic)
    } catch {
      throw .transport("could not save the snapshot", error)
    }
    traffic.snapshotsSaved.count()
    traffic.snapshotBytes.count(UInt64(snapshot.readableBytes))
  }
}

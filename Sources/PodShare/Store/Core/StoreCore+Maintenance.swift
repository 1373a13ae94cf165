import NIOConcurrencyHelpers
import NIOCore

// What a store does by itself, at intervals.
extension StoreCore {
  func startMaintenance() {
    let interval = tickInterval
    let task = Task.detached {
      var elapsed = Elapsed()
      while !Task.isCancelled {
        do { try await self.configuration.time.sleep(interval) } catch { return }
        await self.maintain(after: interval, &elapsed)
      }
    }
    keepRunning(task)
    if entryKeeper != nil { keepRunning(makeKeeping()) }
  }

  /// Has a task cancelled when the store ends.
  private func keepRunning(_ task: Task<Void, Never>) {
    let isRunning = lifecycle.withLockedValue { lifecycle in
      guard lifecycle.phase == .running else { return false }
      lifecycle.maintenance.append(task)
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
    if snapshotKeeper != nil { interval = min(interval, configuration.snapshotInterval) }
    return interval
  }

  private func maintain(after interval: Duration, _ elapsed: inout Elapsed) async {
    elapsed.sinceSync += interval
    elapsed.sinceCollection += interval
    elapsed.sinceSnapshot += interval
    if elapsed.sinceSync >= configuration.syncInterval {
      elapsed.sinceSync = .zero
      update { $0.replica.tick(outbox: &$0.outbox) }
      state.withLock { state in
        guard state.looksAtSnapshot > 0 else { return }
        state.looksAtSnapshot -= 1
        state.isDirty = true
      }
      tidy()
    }
    if elapsed.sinceCollection >= configuration.gcInterval {
      elapsed.sinceCollection = .zero
      collectTombstones()
      // Somebody may have replaced what is kept without a word.
      state.withLock { state in if state.replica.isLeast { state.isDirty = true } }
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

  // MARK: Tidying up

  /// Frees what was replaced and nobody holds any more. Returns what is left.
  @discardableResult
  func tidy() -> Leftovers {
    // In parts: the write lock is held for a bounded time each.
    while true {
      let leftovers = update { $0.replica.tidy() }
      if leftovers != .ready { return leftovers }
    }
  }

  /// Goes on tidying up when the store has been closed, since reads and snapshots may outlive that: until there is nothing
  /// left, or the store is dropped, after which the table frees everything.
  func tidyUntilNothingIsLeft() {
    // What was retired last comes free with the second look, if nobody is reading.
    if isDropped || tidy() == .none || tidy() == .none { return }
    let task = Task.detached {
      repeat {
        do { try await self.configuration.time.sleep(self.configuration.syncInterval) } catch { return }
      } while self.tidy() != .none
    }
    let isDropped = lifecycle.withLockedValue { lifecycle in
      if !lifecycle.isDropped { lifecycle.tidying = task }
      return lifecycle.isDropped
    }
    if isDropped { task.cancel() }
  }

  /// Does something that nobody waits for. What it still was at when the store ended is no error.
  func reportingErrors(_ body: () async throws(StoreError) -> Void) async {
    do { try await body() } catch { if !closed.isOpen { reporter.report(error) } }
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
    try await save()
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
}

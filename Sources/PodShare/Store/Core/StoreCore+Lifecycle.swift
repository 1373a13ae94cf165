import Logging
import NIOConcurrencyHelpers
import NIOCore

/// Where a store is between its beginning and its end.
struct Lifecycle {
  enum Phase { case idle, running, closing, closed }

  var phase = Phase.idle
  /// Somebody has called ``Store/run()``.
  var isRun = false
  /// Nobody has the store any more.
  var isDropped = false
  var subscriptions: [TransportSubscription] = []
  /// What the store does by itself, at intervals.
  var maintenance: [Task<Void, Never>] = []
  /// What it still does when it has been closed.
  var tidying: Task<Void, Never>?
}

extension StoreCore {
  // MARK: Beginning

  /// Subscribes, begins to maintain, and waits until caught up or until nobody is there. Whoever calls it must end
  /// what it has begun if it throws.
  func start() async throws(StoreError) {
    let phase = lifecycle.withLockedValue { lifecycle in
      defer { if lifecycle.phase == .idle { lifecycle.phase = .running } }
      return lifecycle.phase
    }
    guard phase == .idle else { throw .closed }
    if entryKeeper != nil { state.withLock { $0.replica.beginLoading() } }
    try await subscribe()
    await reportingErrors { () async throws(StoreError) in try await load() }
    state.withLock { $0.replica.endLoading() }
    let others = await countOthers()
    update { $0.replica.connected(others: others, outbox: &$0.outbox) }
    startMaintenance()
    try await waitUntilCaughtUp()
    // Whoever performs what joining has brought about is done: the first write is sent by the one who makes it.
    try await waitForOutbox()
  }

  /// The same, unless the store has joined already.
  func run() async throws(StoreError) {
    let hasJoined = lifecycle.withLockedValue { lifecycle in
      // Not a precondition, of which a release build does not say why.
      if lifecycle.isRun {
        fatalError("a store runs once; make another to join \(topic.debugDescription) again")
      }
      lifecycle.isRun = true
      return lifecycle.phase == .running
    }
    if !hasJoined { try await start() }
  }

  private func subscribe() async throws(StoreError) {
    if let transport = transport as? any StateExchangeTransport {
      let serving = transport.serveState(of: topic) { self.encodedVersion1Snapshot() }
      try keep(serving)
    }
    // Only one of the three reports whether the network is there.
    try await subscribe(to: topic) { core, event in core.receive(event) }
    for sideTopic in [Names.syncTopic(of: topic), Names.inbox(of: identity, on: topic)] {
      try await subscribe(to: sideTopic) { core, event in
        guard case .message(let bytes) = event else { return }
        core.traffic.syncBytesReceived.count(UInt64(bytes.readableBytes))
        core.receive(bytes)
      }
    }
  }

  private func subscribe(
    to topic: String, handler: @escaping @Sendable (StoreCore, TransportEvent) -> Void
  ) async throws(StoreError) {
    guard !Task.isCancelled else { throw .cancelled("joining \(self.topic.debugDescription)") }
    let subscription: TransportSubscription
    do {
      subscription = try await transport.subscribe(to: topic) { handler(self, $0) }
    } catch {
      if Task.isCancelled { throw .cancelled("joining \(self.topic.debugDescription)") }
      throw .transport("could not subscribe to \(self.topic.debugDescription)", error)
    }
    try keep(subscription)
  }

  private func keep(_ subscription: TransportSubscription) throws(StoreError) {
    let isRunning = lifecycle.withLockedValue { lifecycle in
      guard lifecycle.phase == .running else { return false }
      lifecycle.subscriptions.append(subscription)
      return true
    }
    guard isRunning else {
      subscription.cancel()
      throw .closed
    }
  }

  private func waitUntilCaughtUp() async throws(StoreError) {
    // Only what is streamed counts: in a busy fleet other entries come all the time.
    let isCaughtUp = await waitForState(caughtUp) { $0.streamed }
    if Task.isCancelled { throw .cancelled("joining \(topic.debugDescription)") }
    if !isCaughtUp { update { $0.replica.joinDeadlineReached(outbox: &$0.outbox) } }
  }

  /// Waits for something that another pod's state brings about; false if it does not come, when the store is closed, or
  /// when cancelled.
  ///
  /// - Parameter progress: What grows while it may still come.
  func waitForState(_ latch: Latch, progress: @escaping @Sendable (HealingCounters) -> UInt64) async -> Bool {
    await withTaskGroup(of: Bool.self) { group in
      group.addTask { await latch.wait() }
      group.addTask { await self.waitWithout(progress) }
      group.addTask {
        _ = await self.closed.wait()
        return false
      }
      defer { group.cancelAll() }
      return await group.next() ?? false
    }
  }

  /// Returns when for as long as the join timeout there was no progress.
  private func waitWithout(_ progress: (HealingCounters) -> UInt64) async -> Bool {
    var before: UInt64
    repeat {
      before = state.withLock { progress($0.replica.counters.healing) }
      do { try await configuration.time.sleep(configuration.joinTimeout) } catch { return false }
    } while state.withLock({ progress($0.replica.counters.healing) }) != before
    return false
  }

  // MARK: End

  /// Refuses writes from now on, has what is left sent, and ends everything. Returns when that is done or the time
  /// is over; cancelling the caller ends its waiting only.
  func close(timeout: Duration) async throws(StoreError) {
    let mustClose = lifecycle.withLockedValue { lifecycle in
      guard lifecycle.phase == .idle || lifecycle.phase == .running else { return false }
      lifecycle.phase = .closing
      return true
    }
    if mustClose {
      state.withLock { $0.isClosed = true }
      Task.detached { await self.finishClosing(timeout: timeout) }
    } else if closed.isOpen {
      return
    }
    guard await closed.wait() else { throw .cancelled("waiting for the store to close") }
    let unsent = state.withLock { $0.unsentCount }
    guard unsent == 0 else { throw .unsent(unsent, "when the store closed") }
  }

  private func finishClosing(timeout: Duration) async {
    // A transport that does not get rid of what it has must not take the time in which others can be asked.
    let share = max(timeout - confirmationPatience, timeout / 2)
    let isFlushed = await atMost(share) { () async throws(StoreError) in
      try await self.flush()
      _ = try await self.auditIfNeeded(isLeaving: true)
    }
    let patience = timeout - share
    let isAnswered = await atMost(patience) { () async throws(StoreError) in
      try await self.waitForConfirmation()
    }
    if !isAnswered { reporter.report(.unconfirmed(patience)) }
    // What somebody has confirmed need not be sent any more.
    if !isFlushed, !state.withLock({ $0.replica.isConfirmed }) {
      reporter.report(.stillSending(after: share))
    }
    update { $0.replica.leave(outbox: &$0.outbox) }
    release()
  }

  /// Does some work, reports its errors, and leaves it when the time is over. Returns whether it came to its end.
  private func atMost(
    _ limit: Duration, _ work: @escaping @Sendable () async throws(StoreError) -> Void
  ) async -> Bool {
    let (done, timeIsOver) = (Latch(), Latch())
    let worker = Task.detached {
      do throws(StoreError) {
        try await work()
        done.open()
      } catch {
        if error.code != .cancelled {
          self.reporter.report(error)
          done.open()
        }
      }
      timeIsOver.open()
    }
    let timer = Task.detached { [time = configuration.time] in
      try? await time.sleep(limit)
      timeIsOver.open()
    }
    _ = await timeIsOver.wait()
    worker.cancel()
    timer.cancel()
    return done.isOpen
  }

  /// By the machine's own clock: a test's need not go on.
  private var confirmationPatience: Duration {
    min(max(configuration.syncInterval * 2, .seconds(1)), .seconds(2))
  }

  /// Waits until some other pod has all that was written here; not at all if there is no other pod. For two sync intervals
  /// at most and never more than two seconds, by the machine's own clock: a test's need not go on.
  private func waitForConfirmation() async throws(StoreError) {
    let patience = confirmationPatience
    for question in 0..<Self.questionsBeforeClosing {
      let (isConfirmed, isAnybodyThere) = update { state in
        let isConfirmed = state.replica.isConfirmed
        return (isConfirmed, !isConfirmed && state.replica.askForReceipt(outbox: &state.outbox))
      }
      guard !isConfirmed, !confirmed.isOpen else { return }
      // Those who were there at first and are not any more have not confirmed anything.
      guard isAnybodyThere || question > 0 else { return }
      await confirmed.wait(atMost: patience / Self.questionsBeforeClosing)
      if confirmed.isOpen { return }
      if Task.isCancelled { break }
    }
    // Whoever waits for this says so, once.
    throw .cancelled("waiting for a confirmation")
  }

  private static var questionsBeforeClosing: Int { 8 }

  /// Ends subscriptions, tasks and watches, without sending anything.
  func release() {
    state.withLock { $0.isClosed = true }
    let (subscriptions, maintenance) = lifecycle.withLockedValue { lifecycle in
      lifecycle.phase = .closed
      defer {
        lifecycle.subscriptions = []
        lifecycle.maintenance = []
      }
      return (lifecycle.subscriptions, lifecycle.maintenance)
    }
    for task in maintenance { task.cancel() }
    for subscription in subscriptions { subscription.cancel() }
    events.finishAll()
    memberUpdates.finish()
    closed.open()
    tidyUntilNothingIsLeft()
  }

  var isDropped: Bool { lifecycle.withLockedValue { $0.isDropped } }

  /// Nobody has the store any more, which may not have been closed.
  func abandon() {
    let (wasOpen, tidying) = lifecycle.withLockedValue { lifecycle in
      lifecycle.isDropped = true
      defer { lifecycle.tidying = nil }
      return (lifecycle.phase == .running || lifecycle.phase == .idle, lifecycle.tidying)
    }
    tidying?.cancel()
    guard wasOpen else { return }
    let unsent = state.withLock { $0.unsentCount }
    if unsent > 0 {
      configuration.logger?.warning(
        "store \(topic.debugDescription) was dropped without close(); entries not sent: \(unsent)")
    }
    release()
  }
}

extension StoreError {
  fileprivate static func stillSending(after time: Duration) -> StoreError {
    StoreError(
      .broadcastFailed,
      "the transport had not sent everything \(time) after the store began to close; it stands on this pod")
  }

  static func unsent(_ count: Int, _ when: String) -> StoreError {
    StoreError(
      .broadcastFailed,
      "entries that could not be handed to the transport \(when), but stand on this pod: \(count)")
  }
}

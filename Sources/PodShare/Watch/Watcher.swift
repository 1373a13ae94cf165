import NIOConcurrencyHelpers

/// One watch in progress: events go in where they are told and come out where they are consumed.
final class Watcher: Sendable {
  private struct State: Sendable {
    var queue: EventQueue<ErasedValue>
    var end: End?
    var waiters: [Waiter] = []
    var lastID: UInt64 = 0
    /// The last event was there when it was asked for.
    var isBusy = false
    /// What was there when the watch began has not been handed out yet.
    var hasPresent: Bool

    /// Nil if what was there when the watch began comes first.
    mutating func take(
      afterWaiting hasWaited: Bool, _ spent: inout EventQueue<ErasedValue>.Events
    ) -> Taken? {
      guard !hasPresent else { return nil }
      if let event = queue.popFirst(&spent) {
        isBusy = !hasWaited
        return .event(event)
      }
      guard let end else { return .nothing }
      self.end = .finished  // An error is thrown once.
      return .end(end)
    }
  }

  private struct Waiter: Sendable {
    let id: UInt64
    let continuation: CheckedContinuation<Void, Never>
  }

  private enum End: Sendable {
    case finished
    case failed(StoreError)
  }

  let scope: WatchScope
  /// The position of the first event that is for this watcher; what came before is in its first state, if it has one.
  let firstEvent: UInt64
  let buffering: WatchBuffering
  private let state: NIOLockedValueBox<State>
  /// Under a lock of its own, which only consumers take.
  private let present: NIOLockedValueBox<PresentEntries>

  init(
    scope: WatchScope, buffering: WatchBuffering, firstEvent: UInt64, present: PresentEntries
  ) {
    self.scope = scope
    self.firstEvent = firstEvent
    self.buffering = buffering
    let hasPresent = if case .none = present { false } else { true }
    state = NIOLockedValueBox(
      State(queue: EventQueue<ErasedValue>(buffering: buffering), hasPresent: hasPresent))
    self.present = NIOLockedValueBox(present)
  }

  // MARK: Where events are handed out

  /// Whether somebody waits for the next event.
  var isAwaited: Bool { state.withLockedValue { !$0.waiters.isEmpty } }

  /// Takes what is for this watcher, all of it for its key if it is of a single one. Returns how many more events may wait;
  /// nil when the watcher has just fallen behind.
  func offer(_ batch: inout EventBatch) -> Int? {
    let events = select(&batch)
    let (room, awake) = state.withLockedValue { state -> (Int?, [Waiter]) in
      guard state.end == nil else { return (.max, []) }
      guard !events.isEmpty else { return (state.queue.room, []) }
      let isKept = state.queue.append(events)
      if !isKept { state.end = .failed(.fellBehind) }
      // Somebody waits only when nothing else does; but the predicate is for the consumer to run. Each event goes to one of
      // those who wait; an end to all.
      let count = isKept ? min(events.count, state.waiters.count) : state.waiters.count
      let awake = Array(state.waiters.prefix(count))
      state.waiters.removeFirst(count)
      return (isKept ? state.queue.room : nil, awake)
    }
    for waiter in awake { waiter.continuation.resume() }
    return room
  }

  private func select(_ batch: inout EventBatch) -> ArraySlice<SharedEvent<ErasedValue>> {
    let events =
      buffering == .newestPerKey ? batch.newestEvents(from: firstEvent) : batch.events(from: firstEvent)
    guard case .prefix = scope.kind else { return events }
    return events.filter { scope.admits($0.key) }[...]
  }

  /// Ends the watch; what waits is still delivered, then comes `nil`.
  func finish() {
    end(discarding: false)
  }

  // MARK: Where events are consumed

  /// Ends the watch at once; what waits is dropped.
  func cancel() {
    end(discarding: true)
  }

  private func end(discarding: Bool) {
    let (waiters, discarded) = state.withLockedValue { state in
      let discarded = discarding ? state.queue : nil
      if discarding {
        state.queue = EventQueue<ErasedValue>(buffering: .bounded(1))
        state.hasPresent = false
        state.end = .finished
      } else if state.end == nil {
        state.end = .finished
      }
      defer { state.waiters = [] }
      return (state.waiters, discarded)
    }
    _ = consume discarded
    if discarding {
      // Let go of outside the lock.
      _ = present.withLockedValue { present in
        defer { present = .none }
        return present
      }
    }
    for waiter in waiters { waiter.continuation.resume() }
  }

  /// The next event; `nil` at the end.
  ///
  /// - Parameter log: Where this watcher's events come from.
  func next(
    of log: EventLog, isolation: isolated (any Actor)?
  ) async throws(StoreError) -> SharedEvent<ErasedValue>? {
    var hasWaited = false
    while true {
      if Task.isCancelled {
        cancel()
        return nil
      }
      switch take(of: log, afterWaiting: hasWaited) {
      case .event(let event):
        if scope.accepts(event.key) { return event }
      case .end(.finished):
        return nil
      case .end(.failed(let error)):
        throw error
      case .nothing:
        // Perhaps nobody has handed out yet what there is.
        if log.distributeIfNobodyDoes() { continue }
        if restsABit() {
          await Task.yield()
        } else {
          await wait(for: log, isolation: isolation)
          hasWaited = true
        }
      }
    }
  }

  /// Whether the consumer should look again in a moment before it waits. Where one event was there at once, the next is often
  /// near; and for whoever writes it, waking somebody takes longer than anything else. Where each had to be waited for, as
  /// when they come over a network, looking again would keep a processor from whoever is bringing the next.
  private func restsABit() -> Bool {
    state.withLockedValue { state in
      defer { state.isBusy = false }
      return state.isBusy
    }
  }

  private enum Taken {
    case event(SharedEvent<ErasedValue>)
    case end(End)
    case nothing
  }

  /// The next event if there is one, for a watcher that accepts all there is of its keys.
  func nextIfAny(of log: EventLog) -> SharedEvent<ErasedValue>? {
    guard case .event(let event) = take(of: log, afterWaiting: false) else { return nil }
    return event
  }

  private func take(of log: EventLog, afterWaiting hasWaited: Bool) -> Taken {
    // What waits might be outdated by what has gathered.
    if buffering == .newestPerKey { log.distributeWhatHasGathered() }
    // What it gets is let go of when the lock has been left.
    var spent = EventQueue<ErasedValue>.Events()
    while true {
      let taken = state.withLockedValue { $0.take(afterWaiting: hasWaited, &spent) }
      if let taken { return taken }
      if let event = takePresent() { return .event(event) }
    }
  }

  /// The next of what was there when the watch began, but for what has changed since.
  private func takePresent() -> SharedEvent<ErasedValue>? {
    while let event = present.withLockedValue({ $0.next(in: scope) }) {
      if !state.withLockedValue({ $0.queue.hasNewer(for: Key(event.key)) }) { return event }
    }
    state.withLockedValue { $0.hasPresent = false }
    return nil
  }

  /// Waits until there may be something to take.
  private func wait(for log: EventLog, isolation: isolated (any Actor)?) async {
    let id = state.withLockedValue { state in
      state.lastID += 1
      return state.lastID
    }
    await withTaskCancellationHandler(
      operation: {
        await withCheckedContinuation(isolation: isolation) {
          (continuation: CheckedContinuation<Void, Never>) in
          let mustWait = state.withLockedValue { state in
            guard !Task.isCancelled, state.end == nil, state.queue.isEmpty else { return false }
            state.waiters.append(Waiter(id: id, continuation: continuation))
            return true
          }
          if mustWait { log.await(self) } else { continuation.resume() }
        }
      },
      onCancel: {
        let waiter = state.withLockedValue { state -> CheckedContinuation<Void, Never>? in
          guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
          return state.waiters.remove(at: index).continuation
        }
        waiter?.resume()
      },
      isolation: isolation
    )
  }
}

extension StoreError {
  static var fellBehind: StoreError {
    StoreError(.fellBehind, "the watcher's buffer overflowed; watch again, from the present state")
  }
}

import NIOConcurrencyHelpers

/// One watch in progress: events go in where they are told and come out where they are consumed.
final class Watcher: Sendable {
  private struct State: Sendable {
    var queue: EventQueue<ErasedValue>
    var end: End?
    var waiters: [(id: UInt64, continuation: CheckedContinuation<Void, Never>)] = []
    var lastID: UInt64 = 0
  }

  private enum End: Sendable {
    case finished
    case failed(StoreError)
  }

  let scope: WatchScope
  /// The position of the first event that is for this watcher; what came before is in its first state, if it has one.
  let firstEvent: UInt64
  private let state: NIOLockedValueBox<State>
  /// Under a lock of its own, which only consumers take.
  private let present: NIOLockedValueBox<PresentEntries>

  init(
    scope: WatchScope, buffering: WatchBuffering, firstEvent: UInt64, present: PresentEntries
  ) {
    self.scope = scope
    self.firstEvent = firstEvent
    state = NIOLockedValueBox(State(queue: EventQueue<ErasedValue>(buffering: buffering)))
    self.present = NIOLockedValueBox(present)
  }

  // MARK: Where events are told

  /// Hands an event over. Returns false when the watcher has just fallen behind.
  func offer(_ event: Event<ErasedValue>) -> Bool {
    let (kept, waiter) = state.withLockedValue { state -> (Bool, CheckedContinuation<Void, Never>?) in
      guard state.end == nil else { return (true, nil) }
      // Somebody waits only when nothing else does; but the predicate is for the consumer to run.
      guard state.queue.append(event) else {
        state.end = .failed(.fellBehind)
        return (false, nil)
      }
      guard !state.waiters.isEmpty else { return (true, nil) }
      return (true, state.waiters.removeFirst().continuation)
    }
    waiter?.resume()
    return kept
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
  func next(isolation: isolated (any Actor)?) async throws(StoreError) -> Event<ErasedValue>? {
    while true {
      if Task.isCancelled {
        cancel()
        return nil
      }
      switch take() {
      case .event(let event):
        if scope.accepts(event.key) { return event }
      case .end(.finished):
        return nil
      case .end(.failed(let error)):
        throw error
      case .nothing:
        await wait(isolation: isolation)
      }
    }
  }

  private enum Taken {
    case event(Event<ErasedValue>)
    case end(End)
    case nothing
  }

  private func take() -> Taken {
    while let event = present.withLockedValue({ $0.next(in: scope) }) {
      if !state.withLockedValue({ $0.queue.hasNewer(for: Key(event.key)) }) { return .event(event) }
    }
    return state.withLockedValue { state in
      if let event = state.queue.popFirst() { return .event(event) }
      guard let end = state.end else { return .nothing }
      state.end = .finished  // An error is thrown once.
      return .end(end)
    }
  }

  /// Waits until there may be something to take.
  private func wait(isolation: isolated (any Actor)?) async {
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
            state.waiters.append((id, continuation))
            return true
          }
          if !mustWait { continuation.resume() }
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

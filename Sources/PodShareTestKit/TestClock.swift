import NIOConcurrencyHelpers
public import PodShare

/// Time that stands still until a test moves it: a wall clock, and sleeps that end when time has been advanced past
/// them.
///
/// ```swift
/// let clock = TestClock()
/// configuration.time = clock.time
/// async let store = Store<Int>.join("numbers", over: transport, configuration: configuration)
/// try await clock.waitForSleepers(2)  // The join's timeout and the maintenance.
/// clock.advance(by: .seconds(1))
/// ```
public final class TestClock: Sendable {
  private struct Sleeper {
    let id: UInt64
    let deadline: Duration
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct Observer {
    let id: UInt64
    let count: Int
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var wall: Timestamp
    /// The virtual time that has passed. Sleeps go by this; it never runs back.
    var elapsed = Duration.zero
    /// Where `elapsed` will be when those have returned who are advancing it now.
    var target = Duration.zero
    /// By deadline, then in the order in which they fell asleep.
    var sleepers: [Sleeper] = []
    var calls = Schedule<@Sendable () -> Void>()
    var observers: [Observer] = []
    var lastID: UInt64 = 0

    mutating func nextID() -> UInt64 {
      lastID += 1
      return lastID
    }

    mutating func pass(to time: Duration) {
      guard time > elapsed else { return }
      wall = wall.advanced(by: time - elapsed)
      elapsed = time
    }

    mutating func takeSleepers(until time: Duration) -> [Sleeper] {
      let end = sleepers.firstIndex { $0.deadline > time } ?? sleepers.endIndex
      defer { sleepers.removeSubrange(..<end) }
      return Array(sleepers[..<end])
    }
  }

  private let state: NIOLockedValueBox<State>

  /// Makes a clock whose wall clock stands at `now`, by default in the middle of the year 2026.
  public init(now: Timestamp = Timestamp(nanoseconds: 1_782_000_000_000_000_000)) {
    state = NIOLockedValueBox(State(wall: now))
  }

  /// This clock as a store takes it.
  public var time: TimeSource {
    TimeSource(now: { self.now }, sleep: { try await self.sleep(for: $0) })
  }

  // MARK: The wall clock

  /// What the wall clock shows.
  public var now: Timestamp { state.withLockedValue { $0.wall } }

  /// Sets the wall clock, forward or back. Nobody wakes of it.
  public func set(to wall: Timestamp) {
    state.withLockedValue { $0.wall = wall }
  }

  /// Has the wall clock jump, forward or back. Nobody wakes of it.
  public func jump(by duration: Duration) {
    state.withLockedValue { $0.wall = $0.wall.advanced(by: duration) }
  }

  // MARK: Time that passes

  /// Lets time pass: the wall clock runs on by `duration`, and whoever sleeps no longer than that wakes, the earliest
  /// deadline first. Who falls asleep again sleeps until the next call.
  ///
  /// What a ``FaultyTransport`` on this clock has delayed arrives before this returns, each message at its time, in the
  /// calling thread.
  public func advance(by duration: Duration) {
    let end = state.withLockedValue { state in
      state.target += duration
      return state.target
    }
    while true {
      let (woken, call) = state.withLockedValue { state in
        let time = min(state.calls.nextTime ?? end, end)
        let call = state.calls.nextTime.flatMap { $0 <= end ? state.calls.popFirst() : nil }
        state.pass(to: time)
        return (state.takeSleepers(until: time), call)
      }
      for sleeper in woken { sleeper.continuation.resume() }
      guard let call else { return }
      call()
    }
  }

  /// Has `call` called, by whoever advances the time, when `duration` has passed.
  func schedule(after duration: Duration, _ call: @escaping @Sendable () -> Void) {
    state.withLockedValue { $0.calls.add(call, at: $0.elapsed + duration) }
  }

  /// Sleeps until `duration` of virtual time has passed. Throws `CancellationError` when the task is cancelled.
  public func sleep(for duration: Duration) async throws {
    try Task.checkCancellation()
    guard duration > .zero else { return }
    let id = state.withLockedValue { $0.nextID() }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let outcome = state.withLockedValue { state -> [Observer]? in
          guard !Task.isCancelled else { return nil }
          let sleeper = Sleeper(id: id, deadline: state.target + duration, continuation: continuation)
          let index = state.sleepers.firstIndex { $0.deadline > sleeper.deadline } ?? state.sleepers.endIndex
          state.sleepers.insert(sleeper, at: index)
          let satisfied = state.observers.filter { $0.count <= state.sleepers.count }
          state.observers.removeAll { $0.count <= state.sleepers.count }
          return satisfied
        }
        guard let outcome else { return continuation.resume(throwing: CancellationError()) }
        for observer in outcome { observer.continuation.resume() }
      }
    } onCancel: {
      let sleeper = state.withLockedValue { state -> Sleeper? in
        guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else { return nil }
        return state.sleepers.remove(at: index)
      }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
  }

  // MARK: Who sleeps

  /// How many sleep now.
  public var sleepers: Int { state.withLockedValue { $0.sleepers.count } }

  /// Waits until at least `count` sleep, so that a test advances the time only when all whom it means to wake are
  /// asleep. Throws `CancellationError` when the task is cancelled.
  public func waitForSleepers(_ count: Int) async throws {
    let id = state.withLockedValue { $0.nextID() }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let outcome = state.withLockedValue { state -> Result<Void, any Error>? in
          guard !Task.isCancelled else { return .failure(CancellationError()) }
          guard state.sleepers.count < count else { return .success(()) }
          state.observers.append(Observer(id: id, count: count, continuation: continuation))
          return nil
        }
        if let outcome { continuation.resume(with: outcome) }
      }
    } onCancel: {
      let observer = state.withLockedValue { state -> Observer? in
        guard let index = state.observers.firstIndex(where: { $0.id == id }) else { return nil }
        return state.observers.remove(at: index)
      }
      observer?.continuation.resume(throwing: CancellationError())
    }
  }
}

import PodShare

/// What a delay is measured by.
enum DelayTimer: Sendable {
  /// A task sleeps for it.
  case source(TimeSource)
  /// Whoever advances the clock calls.
  case clock(TestClock)

  /// Has `body` called when `delay` is over. Cancelling the task that it returns, if any, calls it off.
  func start(_ delay: Duration, _ body: @escaping @Sendable () -> Void) -> Task<Void, Never>? {
    switch self {
    case .clock(let clock):
      clock.schedule(after: delay, body)
      return nil
    case .source(let time):
      return Task.detached {
        do { try await time.sleep(delay) } catch { return }
        body()
      }
    }
  }
}

/// Where a store takes the time from: the wall clock that stamps writes, and the sleep between its rounds.
///
/// Leave it at ``system`` in production. Tests inject their own, so that no test waits by the clock.
public struct TimeSource: Sendable {
  /// The wall clock. Called once for each write and each received message; it must be quick and may jump.
  public var now: @Sendable () -> Timestamp

  /// Suspends for a duration; throws `CancellationError` when the task is cancelled.
  public var sleep: @Sendable (Duration) async throws -> Void

  /// Makes a source of time from a wall clock and a way to sleep.
  public init(
    now: @escaping @Sendable () -> Timestamp,
    sleep: @escaping @Sendable (Duration) async throws -> Void
  ) {
    self.now = now
    self.sleep = sleep
  }

  /// The system's wall clock and `Task.sleep`.
  public static let system = TimeSource(
    now: { Timestamp.now() }, sleep: { try await Task.sleep(for: min($0, longestSleep)) })

  /// A century. `Task.sleep` stops the program if the time of its end cannot be told.
  private static let longestSleep = Duration.seconds(100 * 365 * 86_400)
}

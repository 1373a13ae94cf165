/// How long to wait before the next try: doubling from the first delay to a limit, each time between half of that and
/// all of it, so that pods that lost one another at once do not come back at once.
package struct Backoff {
  package var first: Duration
  package var limit: Duration

  package init(first: Duration, limit: Duration) {
    self.first = first
    self.limit = limit
  }

  /// - Parameter failures: how many tries in a row have failed, at least 1.
  package func delay(after failures: Int, using generator: inout some RandomNumberGenerator) -> Duration {
    let doublings = min(max(failures - 1, 0), 30)
    let full = min(first * (1 << doublings), limit)
    return full * Double.random(in: 0.5...1, using: &generator)
  }
}

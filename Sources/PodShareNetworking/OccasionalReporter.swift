package import Logging
import NIOCore

/// Reports errors, each once in a while. Lives on the event loop.
package final class OccasionalReporter<Failure: Error & Hashable> {
  private let onError: (@Sendable (Failure) -> Void)?
  private let logger: Logger?
  private var reported: [Failure: NIODeadline] = [:]

  package init(onError: (@Sendable (Failure) -> Void)?, logger: Logger?) {
    self.onError = onError
    self.logger = logger
  }

  package func report(_ error: Failure) {
    let now = NIODeadline.now()
    if let last = reported[error], now - last < Self.pause { return }
    if reported.count >= Self.limit { reported = reported.filter { now - $0.value < Self.pause } }
    // Whoever is flooded with errors has seen enough of them.
    guard reported.count < Self.limit else { return }
    reported[error] = now
    logger?.warning("\(error)")
    onError?(error)
  }

  private static var pause: TimeAmount { .seconds(10) }
  private static var limit: Int { 1_024 }
}

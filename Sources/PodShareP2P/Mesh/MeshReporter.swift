import Logging
import NIOCore

/// Reports errors, each about each peer once in a while. Lives on the event loop.
final class MeshReporter {
  private struct Subject: Hashable {
    let code: P2PError.Code
    let peer: String?
    let message: String
  }

  private let onError: (@Sendable (P2PError) -> Void)?
  private let logger: Logger?
  private var reported: [Subject: NIODeadline] = [:]

  init(onError: (@Sendable (P2PError) -> Void)?, logger: Logger?) {
    self.onError = onError
    self.logger = logger
  }

  func report(_ error: P2PError) {
    let now = NIODeadline.now()
    let subject = Subject(code: error.code, peer: error.peer, message: error.message)
    if let last = reported[subject], now - last < Self.pause { return }
    // Whoever is flooded with errors has seen enough of them.
    guard reported.count < Self.limit else { return }
    reported[subject] = now
    logger?.warning("\(error)")
    onError?(error)
  }

  /// Forgets what may be reported again.
  func tick() {
    guard !reported.isEmpty else { return }
    let now = NIODeadline.now()
    reported = reported.filter { now - $0.value < Self.pause }
  }

  private static var pause: TimeAmount { .seconds(10) }
  private static var limit: Int { 1_024 }
}

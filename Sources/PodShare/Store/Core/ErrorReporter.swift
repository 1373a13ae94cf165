import Logging
import NIOConcurrencyHelpers

/// Passes on the errors that nobody waits for: counts each, and keeps a flood of one kind from one pod to a trickle.
final class ErrorReporter: Sendable {
  private struct Source: Hashable {
    var code: StoreError.Code
    var peer: String?
  }

  private struct Window {
    var start: Timestamp
    var passed = 0
    var suppressed = 0
  }

  private struct State {
    var count: UInt64 = 0
    var windows: [Source: Window] = [:]
  }

  static let windowLength = Duration.seconds(10)
  static let reportsPerWindow = 10
  private static let maxSources = 1_024

  private let onError: (@Sendable (StoreError) -> Void)?
  private let logger: Logger?
  private let now: @Sendable () -> Timestamp
  private let state = NIOLockedValueBox(State())

  init(onError: (@Sendable (StoreError) -> Void)?, logger: Logger?, now: @escaping @Sendable () -> Timestamp)
  {
    self.onError = onError
    self.logger = logger
    self.now = now
  }

  /// How many errors there were, reported or not.
  var count: UInt64 { state.withLockedValue { $0.count } }

  func report(_ error: StoreError) {
    guard let suppressed = admit(error) else { return }
    var metadata: Logger.Metadata = ["code": "\(error.code)"]
    if suppressed > 0 { metadata["not-reported-before"] = "\(suppressed)" }
    logger?.warning("\(error)", metadata: metadata)
    onError?(error)
  }

  /// Nil if the error is one too many; otherwise how many were before it.
  private func admit(_ error: StoreError) -> Int? {
    let now = now()
    return state.withLockedValue { state in
      state.count += 1
      var source = Source(code: error.code, peer: error.peer)
      if state.windows[source] == nil, state.windows.count >= Self.maxSources {
        state.windows = state.windows.filter { !Self.isOver($0.value, at: now) }
        if state.windows.count >= Self.maxSources { source.peer = nil }
      }
      var window = state.windows[source] ?? Window(start: now)
      let suppressed = window.suppressed
      if Self.isOver(window, at: now) { window = Window(start: now) }
      defer { state.windows[source] = window }
      guard window.passed < Self.reportsPerWindow else {
        window.suppressed += 1
        return nil
      }
      window.passed += 1
      window.suppressed = 0
      return suppressed
    }
  }

  // A wall clock that was set back must not silence reports until it is where it was.
  private static func isOver(_ window: Window, at now: Timestamp) -> Bool {
    let age = now.duration(since: window.start)
    return age >= windowLength || age < .zero
  }
}

import NIOConcurrencyHelpers

/// The way from other threads to an event loop that is to be shut down at some time.
///
/// Nothing may be scheduled on a loop that has been shut down, and looking whether it has been would not do: it may be
/// just then. So whoever is about to schedule something enters, and leaves when nothing more is to come of it. Closing
/// lets nobody in any more and waits for those who are inside; the loop is shut down after that.
package final class LoopAccess: Sendable {
  private struct State {
    var inside = 0
    var isClosed = false
    /// What waits until nobody is inside.
    var waiting: [@Sendable () -> Void] = []
  }

  private let state = NIOLockedValueBox(State())

  package init() {}

  /// False if it is closed. Otherwise ``leave()`` must follow.
  package func enter() -> Bool {
    state.withLockedValue { state in
      guard !state.isClosed else { return false }
      state.inside += 1
      return true
    }
  }

  package func leave() {
    let waiting = state.withLockedValue { state -> [@Sendable () -> Void] in
      state.inside -= 1
      precondition(state.inside >= 0, "more have left than entered")
      guard state.isClosed, state.inside == 0 else { return [] }
      defer { state.waiting = [] }
      return state.waiting
    }
    for body in waiting { body() }
  }

  /// Does something that schedules work. Returns nil, and does nothing, if it is closed.
  package func perform<Result>(_ body: () throws -> Result) rethrows -> Result? {
    guard enter() else { return nil }
    defer { leave() }
    return try body()
  }

  /// Lets nobody in any more, and does something when nobody is inside: here if that is so already, or else where the
  /// last one leaves.
  package func close(then body: @escaping @Sendable () -> Void) {
    let isEmpty = state.withLockedValue { state in
      state.isClosed = true
      if state.inside > 0 { state.waiting.append(body) }
      return state.inside == 0
    }
    if isEmpty { body() }
  }

  /// Lets nobody in any more, and returns when nobody is inside.
  package func close() async {
    await withCheckedContinuation { continuation in close { continuation.resume() } }
  }
}

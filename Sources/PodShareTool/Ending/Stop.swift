import NIOConcurrencyHelpers

/// A wish to stop, and what is to happen then.
final class Stop: Sendable {
  private struct State {
    var isRequested = false
    var actions: [@Sendable () -> Void] = []
  }

  private let state = NIOLockedValueBox(State())

  var isRequested: Bool { state.withLockedValue { $0.isRequested } }

  func request() {
    let actions = state.withLockedValue { state in
      state.isRequested = true
      defer { state.actions = [] }
      return state.actions
    }
    for action in actions { action() }
  }

  /// Does something when stopping is wished for, or at once if it is already.
  func whenRequested(_ action: @escaping @Sendable () -> Void) {
    let isRequested = state.withLockedValue { state in
      if !state.isRequested { state.actions.append(action) }
      return state.isRequested
    }
    if isRequested { action() }
  }
}

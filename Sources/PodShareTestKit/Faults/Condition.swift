import NIOConcurrencyHelpers

/// Lets tasks wait until something is so; whoever may have brought it about says so.
final class Condition: Sendable {
  private struct State {
    var changes: UInt64 = 0
    var lastID: UInt64 = 0
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = NIOLockedValueBox(State())

  /// Has all who wait look again.
  func mayHaveChanged() {
    let waiters = state.withLockedValue { state in
      state.changes += 1
      defer { state.waiters = [:] }
      return state.waiters.values
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Waits until `isSo`. Returns false if the task was cancelled before.
  func wait(until isSo: () -> Bool) async -> Bool {
    while true {
      let changes = state.withLockedValue { $0.changes }
      if isSo() { return true }
      if Task.isCancelled { return false }
      await waitForChange(after: changes)
    }
  }

  private func waitForChange(after changes: UInt64) async {
    let id = state.withLockedValue { state in
      state.lastID += 1
      return state.lastID
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let mustWait = state.withLockedValue { state in
          guard state.changes == changes, !Task.isCancelled else { return false }
          state.waiters[id] = continuation
          return true
        }
        if !mustWait { continuation.resume() }
      }
    } onCancel: {
      state.withLockedValue { $0.waiters.removeValue(forKey: id) }?.resume()
    }
  }
}

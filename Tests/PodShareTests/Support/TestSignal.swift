import NIOConcurrencyHelpers

/// Something that happens once. Waiting for it ends when it happens or when the task is cancelled.
final class TestSignal: Sendable {
  private struct State {
    var isSent = false
    var lastID = 0
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = NIOLockedValueBox(State())

  var isSent: Bool { state.withLockedValue { $0.isSent } }

  func send() {
    let waiters = state.withLockedValue { state in
      state.isSent = true
      defer { state.waiters = [:] }
      return state.waiters.values
    }
    for waiter in waiters { waiter.resume() }
  }

  func wait() async {
    let id = state.withLockedValue { state in
      state.lastID += 1
      return state.lastID
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let mustWait = state.withLockedValue { state in
          guard !state.isSent, !Task.isCancelled else { return false }
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

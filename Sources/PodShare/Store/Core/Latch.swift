import NIOConcurrencyHelpers

/// Something that happens once, and that tasks can wait for.
final class Latch: Sendable {
  private struct State {
    var isOpen = false
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    var lastID: UInt64 = 0
  }

  private let state = NIOLockedValueBox(State())

  var isOpen: Bool { state.withLockedValue { $0.isOpen } }

  func open() {
    let waiters = state.withLockedValue { state in
      state.isOpen = true
      defer { state.waiters = [:] }
      return state.waiters
    }
    for waiter in waiters.values { waiter.resume() }
  }

  /// Waits until it has happened, or for so long by the machine's clock.
  func wait(atMost limit: Duration) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { _ = await self.wait() }
      group.addTask { try? await Task.sleep(for: limit) }
      await group.next()
      group.cancelAll()
    }
  }

  /// Waits until it has happened. Returns false if the task was cancelled before.
  func wait() async -> Bool {
    let id = state.withLockedValue { state in
      state.lastID += 1
      return state.lastID
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        let mustWait = state.withLockedValue { state in
          guard !state.isOpen, !Task.isCancelled else { return false }
          state.waiters[id] = continuation
          return true
        }
        if !mustWait { continuation.resume() }
      }
    } onCancel: {
      state.withLockedValue { $0.waiters.removeValue(forKey: id) }?.resume()
    }
    return isOpen
  }
}

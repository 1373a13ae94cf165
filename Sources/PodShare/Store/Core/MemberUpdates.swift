import NIOConcurrencyHelpers

/// Who wants to be told when members come and go. Only the newest list matters, so that is all that is kept for each.
final class MemberUpdates: Sendable {
  private struct State {
    var subscribers: [UInt64: AsyncStream<[Member]>.Continuation] = [:]
    var lastID: UInt64 = 0
    var isFinished = false
  }

  private let state = NIOLockedValueBox(State())

  // The list is looked up under the lock, here and in `tell`, so that no older one comes after a newer one and none is
  // missed in between. Yielding runs nobody's code.
  func subscribe(present members: () -> [Member]) -> AsyncStream<[Member]> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: [Member].self, bufferingPolicy: .bufferingNewest(1))
    let id = state.withLockedValue { state -> UInt64? in
      continuation.yield(members())
      guard !state.isFinished else { return nil }
      state.lastID += 1
      state.subscribers[state.lastID] = continuation
      return state.lastID
    }
    guard let id else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in
      let removed = self?.state.withLockedValue { $0.subscribers.removeValue(forKey: id) }
      _ = consume removed
    }
    return stream
  }

  func tell(_ members: () -> [Member]) {
    state.withLockedValue { state in
      guard !state.subscribers.isEmpty else { return }
      let members = members()
      for subscriber in state.subscribers.values { subscriber.yield(members) }
    }
  }

  func finish() {
    let subscribers = state.withLockedValue { state in
      state.isFinished = true
      defer { state.subscribers = [:] }
      return state.subscribers
    }
    for subscriber in subscribers.values { subscriber.finish() }
  }
}

import NIOConcurrencyHelpers

/// All watchers of a store, and where each change finds those it concerns: this is where a watcher is told.
final class WatcherRegistry: Sendable {
  private struct State {
    /// Watchers of one key, by that key.
    var byKey: [Key: [Watcher]] = [:]
    var others: [Watcher] = []
    var count = 0
    var dropped: UInt64 = 0
    var dispatched: UInt64 = 0
    var isFinished = false
  }

  private let state = NIOLockedValueBox(State())

  var count: Int { state.withLockedValue { $0.count } }
  var dropped: UInt64 { state.withLockedValue { $0.dropped } }
  var dispatched: UInt64 { state.withLockedValue { $0.dispatched } }

  func add(_ watcher: Watcher) {
    let isFinished = state.withLockedValue { state in
      guard !state.isFinished else { return true }
      state.count += 1
      if case .key(let key) = watcher.scope.kind {
        state.byKey[key, default: []].append(watcher)
      } else {
        state.others.append(watcher)
      }
      return false
    }
    if isFinished { watcher.finish() }
  }

  func remove(_ watcher: Watcher) {
    state.withLockedValue { state in
      if case .key(let key) = watcher.scope.kind {
        guard var watchers = state.byKey[key], let index = watchers.firstIndex(where: { $0 === watcher })
        else { return }
        watchers.remove(at: index)
        state.byKey[key] = watchers.isEmpty ? nil : watchers
      } else {
        guard let index = state.others.firstIndex(where: { $0 === watcher }) else { return }
        state.others.remove(at: index)
      }
      state.count -= 1
    }
  }

  /// Tells those whom an event concerns. Returns how many have just fallen behind.
  func tell(_ event: Event<ErasedValue>, at position: UInt64) -> Int {
    let (keyed, others) = state.withLockedValue { state in
      state.dispatched += 1
      return (state.byKey.isEmpty ? nil : state.byKey[Key(event.key)], state.others)
    }
    var fallen = 0
    for watcher in keyed ?? [] where position >= watcher.firstEvent {
      if !watcher.offer(event) { fallen += drop(watcher) }
    }
    for watcher in others where position >= watcher.firstEvent && watcher.scope.admits(event.key) {
      if !watcher.offer(event) { fallen += drop(watcher) }
    }
    return fallen
  }

  private func drop(_ watcher: Watcher) -> Int {
    remove(watcher)
    state.withLockedValue { $0.dropped += 1 }
    return 1
  }

  /// Ends all watches, and those that come later at once.
  func finishAll() {
    state.withLockedValue { $0.isFinished = true }
    for watcher in takeAll() { watcher.finish() }
  }

  private func takeAll() -> [Watcher] {
    state.withLockedValue { state in
      let watchers = state.byKey.values.joined() + state.others
      state.byKey = [:]
      state.others = []
      state.count = 0
      return watchers
    }
  }
}

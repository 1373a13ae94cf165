import NIOConcurrencyHelpers
import NIOCore
package import PodShare
import Synchronization

/// Who on this pod listens to what.
package final class SubscriptionTable: Sendable {
  package typealias Callback = @Sendable (TransportEvent) -> Void

  /// Those of one topic. Apart, so that the callbacks are there as they are asked for.
  private struct Listeners {
    var ids: [UInt64] = []
    var callbacks: [Callback] = []
  }

  private struct State {
    var topics: [Key: Listeners] = [:]
    var lastID: UInt64 = 0
    var isClosed = false
  }

  private let state = NIOLockedValueBox(State())
  /// Changes whenever anything else here does, so that others can keep what they looked up until then.
  private let changes = Atomic<UInt64>(0)

  package var generation: UInt64 { changes.load(ordering: .acquiring) }

  package init() {}

  /// Nil when all is over.
  package func add(_ callback: @escaping Callback, to topic: Key) -> UInt64? {
    defer { changes.add(1, ordering: .acquiringAndReleasing) }
    return state.withLockedValue { state in
      guard !state.isClosed else { return nil }
      state.lastID += 1
      state.topics[topic, default: Listeners()].ids.append(state.lastID)
      state.topics[topic]?.callbacks.append(callback)
      return state.lastID
    }
  }

  package func remove(_ id: UInt64, from topic: Key) {
    // Freed after the lock: a callback may hold the last reference to something of the user's.
    let removed = state.withLockedValue { state -> Callback? in
      guard let index = state.topics[topic]?.ids.firstIndex(of: id) else { return nil }
      state.topics[topic]?.ids.remove(at: index)
      let removed = state.topics[topic]?.callbacks.remove(at: index)
      if state.topics[topic]?.ids.isEmpty == true { state.topics[topic] = nil }
      return removed
    }
    changes.add(1, ordering: .acquiringAndReleasing)
    _ = consume removed
  }

  package func callbacks(of topic: Key) -> [Callback] {
    state.withLockedValue { $0.topics[topic]?.callbacks ?? [] }
  }

  /// All that anybody listens to.
  package var topics: [Key] { state.withLockedValue { Array($0.topics.keys) } }

  package func isWanted(_ topic: Key) -> Bool { state.withLockedValue { $0.topics[topic] != nil } }

  package func tellAll(_ event: TransportEvent) {
    let topics = state.withLockedValue { $0.topics }
    for callback in topics.values.lazy.flatMap(\.callbacks) { callback(event) }
  }

  package func close() {
    let topics = state.withLockedValue { state in
      state.isClosed = true
      defer { state.topics = [:] }
      return state.topics
    }
    changes.add(1, ordering: .acquiringAndReleasing)
    _ = consume topics
  }
}

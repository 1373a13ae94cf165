import NIOConcurrencyHelpers
import NIOCore
import PodShare

/// Where the states of topics come from when a pod of the Go library asks for one.
final class SnapshotSources: Sendable {
  typealias Source = @Sendable () async -> ByteBuffer?

  private struct State {
    var sources: [Key: [(id: UInt64, source: Source)]] = [:]
    var lastID: UInt64 = 0
  }

  private let state = NIOLockedValueBox(State())

  func add(_ source: @escaping Source, of topic: Key) -> UInt64 {
    state.withLockedValue { state in
      state.lastID += 1
      state.sources[topic, default: []].append((state.lastID, source))
      return state.lastID
    }
  }

  func remove(_ id: UInt64, of topic: Key) {
    let removed = state.withLockedValue { state -> Source? in
      guard let index = state.sources[topic]?.firstIndex(where: { $0.id == id }) else { return nil }
      let removed = state.sources[topic]?.remove(at: index).source
      if state.sources[topic]?.isEmpty == true { state.sources[topic] = nil }
      return removed
    }
    _ = consume removed
  }

  /// Any one of them: they are replicas of each other.
  func source(of topic: Key) -> Source? { state.withLockedValue { $0.sources[topic]?.first?.source } }
}

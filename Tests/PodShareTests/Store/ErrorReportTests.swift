import NIOConcurrencyHelpers
import NIOCore
import PodShare
import PodShareTestKit
import Testing

@Suite("Errors that nobody waits for", .timeLimit(.minutes(1)))
struct ErrorReportTests {
  /// A store that can be reached from its own error handler.
  private final class Holder: Sendable {
    let store = NIOLockedValueBox<Store<Int>?>(nil)
    let called = TestSignal()
  }

  @Test("T24: statistics, reads, writes, watching and closing from inside onError")
  func reentrancy() async throws {
    let network = MemoryNetwork()
    let holder = Holder()
    let a: Pod<Int> = try await network.pod("a", isFirst: true) { configuration in
      configuration.onError = { error in
        guard let store = holder.store.withLockedValue({ $0 }), error.code == .invalidMessage else { return }
        _ = store.statistics
        _ = store["k"]
        _ = store.keys
        _ = store.watch(from: .present)
        _ = try? store.set("from onError", to: 1)
        _ = try? store.setMany(["x": 1, "y": 2])
        Task {
          try? await store.flush()
          try? await store.close()
          holder.called.send()
        }
      }
    }
    holder.store.withLockedValue { $0 = a.store }
    RawPod(on: network).send(.init(string: "garbage"))
    #expect(a.store["from onError"] == 1)
    await holder.called.wait()
    #expect(StoreError.code { try a.store.set("k", to: 1) } == .closed)
    holder.store.withLockedValue { $0 = nil }
  }

  @Test("T24: also for an error that a write of one's own brings about")
  func ownWrite() async throws {
    let holder = Holder()
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true) { configuration in
      configuration.onError = { error in
        guard let store = holder.store.withLockedValue({ $0 }) else { return }
        // Each of these fails to be sent in turn; reports are limited, so this comes to an end.
        if error.code == .publishFailed {
          _ = try? store.set("from onError", to: store.statistics.unsentKeys)
        }
      }
    }
    holder.store.withLockedValue { $0 = a.store }
    a.transport.disconnect()
    try a.store.set("k", to: 1)
    #expect(a.store["k"] == 1)
    #expect(a.store["from onError"] != nil)
    holder.store.withLockedValue { $0 = nil }
  }

  @Test("A pod with this pod's node ID is reported, and both work")
  func duplicateNodeID() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("twin", isFirst: true)
    let b: Pod<Int> = try await network.pod("twin")
    await eventually("the twin is noticed") { a.errors.count(of: .duplicateNodeID) > 0 }
    #expect(a.errors.first(.duplicateNodeID)?.peer == "twin")
    for round in 0..<50 {
      try a.store.set("k", to: round)
      #expect(b.store["k"] == round)
      try b.store.set("k", to: -round)
      #expect(a.store["k"] == -round)
      try a.store.set("a \(round)", to: round)
      try b.store.set("b \(round)", to: round)
    }
    #expect(a.store.contents == b.store.contents)
    #expect(a.store.count == 101)
  }

  @Test("A restart under the same node ID is nobody's twin")
  func restart() async throws {
    let network = MemoryNetwork()
    let other: Pod<Int> = try await network.pod("other", isFirst: true)
    let first: Pod<Int> = try await network.pod("a")
    try first.store.set("k", to: 1)
    try await first.store.close()
    let second: Pod<Int> = try await network.pod("a")
    #expect(second.store["k"] == 1)
    try second.store.set("k", to: 2)
    try other.store.set("l", to: 3)
    #expect(other.store["k"] == 2)
    #expect(second.errors.codes == [] && other.errors.codes == [])
  }

  @Test("Errors say what they are about")
  func descriptions() {
    let error = StoreError(
      .transport, "could not subscribe", key: String(repeating: "k", count: 500), peer: "pod",
      cause: CodecFailure())
    #expect(error.description.hasPrefix("transport: could not subscribe, key "))
    #expect(error.description.contains("(500 bytes)"))
    #expect(error.description.utf8.count < 400)
    #expect(error.description.contains("pod \"pod\""))
  }
}

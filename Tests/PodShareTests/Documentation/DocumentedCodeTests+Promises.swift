import NIOConcurrencyHelpers
import PodShare
import Testing

// The code of "The promises and their limits".

@Suite("The documentation's code: the promises and their limits")
struct PromisesPageTests {
  @Test("Whoever must know that a write has left waits for it; it stands either way")
  func flush() async throws {
    let transport = MemoryTransport()
    let store = try Store<Int>("limits", over: transport)
    #expect(try await isSentAtOnce(by: store))
    #expect(store.statistics.unsentKeys == 0)
    transport.disconnect()
    #expect(try await !isSentAtOnce(by: store))
    #expect(store.statistics.unsentKeys == 1)
    #expect(store["requests"] == 100)
  }

  private func isSentAtOnce(by store: Store<Int>) async throws -> Bool {
    // shown
    try store.set("requests", to: 100)
    do {
      try await store.flush()
      return true
    } catch {
      guard error.code == .broadcastFailed else { throw error }
      // The write stands on this pod, and is sent as soon as that is possible.
      return false
    }
    // end
  }

  @Test("trySet is no lock")
  func trySet() async throws {
    let network = MemoryNetwork()
    let cable = MemoryTransport(on: network)
    // shown
    let a = try await Store<String>.join("leaders", over: MemoryTransport(on: network))
    let b = try await Store<String>.join("leaders", over: cable)
    cable.disconnect()  // or the message of the one is still on its way to the other

    let onA = try a.trySet("shard 7", to: "a", ifVersion: nil)
    let onB = try b.trySet("shard 7", to: "b", ifVersion: nil)
    print(onA != nil, onB != nil)  // true true: each has won where it is

    cable.connect()  // and in the end there is one of them, on both
    // end
    let versionOnA = try #require(onA)
    let versionOnB = try #require(onB)
    let winner: Version = max(versionOnA, versionOnB)
    await eventually("both have the later one") {
      a.version(of: "shard 7") == winner && b.version(of: "shard 7") == winner
    }
    #expect(a["shard 7"] == b["shard 7"])
  }

  @Test("Whoever does not want to wait for the next heartbeat calls refresh")
  func lostWithoutNotice() async throws {
    let network = MemoryNetwork()
    let lossy = StubbornTransport(on: network)
    let a = try await Store<Int>.join("limits", over: lossy)
    let b = try await Store<Int>.join("limits", over: MemoryTransport(on: network))
    lossy.change { $0.publishOutcome = .accepted }
    try a.set("requests", to: 100)
    try await a.flush()
    lossy.change { $0.publishOutcome = nil }
    #expect(a.statistics.unsentKeys == 0)
    let store = b
    // shown
    try await store.refresh()
    // end
    #expect(b["requests"] == 100)
  }

  @Test("What nobody waits for is told to onError")
  func onError() async throws {
    let alerts = NIOLockedValueBox<[String]>([])
    @Sendable func alert(_ text: String) { alerts.withLockedValue { $0.append(text) } }
    let transport = MemoryTransport()
    // shown
    var configuration = StoreConfiguration<Int>()
    configuration.onError = { error in
      switch error.code {
      case .publishFailed, .fellBehind:
        break  // Made good by itself, or by the watcher.
      case .clockSkew, .duplicateNodeID, .undecodableValue, .mergeNotAJoin, .stillDifferent:
        alert("\(error)")  // Stays so until somebody mends it.
      default:
        alert("\(error)")
      }
    }
    let store = try await Store.join("limits", over: transport, configuration: configuration)
    // end
    transport.disconnect()
    try store.set("requests", to: 100)
    #expect(store.statistics.errors == 1)
    #expect(alerts.withLockedValue { $0.isEmpty })
  }
}

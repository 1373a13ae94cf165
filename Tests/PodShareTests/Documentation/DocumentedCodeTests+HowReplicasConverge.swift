import NIOConcurrencyHelpers
import PodShare
import Testing

// The code of "How replicas converge", and what the pages say of members and of the end of a store.

@Suite("The documentation's code: how replicas converge", .timeLimit(.minutes(1)))
struct HowReplicasConvergePageTests {
  @Test("Whoever has not been equal for a minute is worth a look")
  func lastEqual() async throws {
    let network = MemoryNetwork()
    let alerts = NIOLockedValueBox<[String]>([])
    @Sendable func alert(_ text: String) { alerts.withLockedValue { $0.append(text) } }
    let store = try await Store<Int>.join("limits", over: MemoryTransport(on: network))
    let other = try await Store<Int>.join("limits", over: MemoryTransport(on: network))
    await eventually("it has been equal") { store.members.first?.lastEqual != nil }
    // shown
    for member in store.members {
      guard let lastEqual = member.lastEqual else { continue }  // It has never been: it may be joining.
      let apart = Timestamp.now().duration(since: lastEqual)
      if apart > .seconds(60) { alert("\(member.nodeID) has not been equal for \(apart)") }
    }
    // end
    #expect(store.members.map(\.nodeID) == [other.nodeID])
    #expect(alerts.withLockedValue { $0.isEmpty })
  }

  @Test("Members come and go")
  func memberUpdates() async throws {
    let network = MemoryNetwork()
    let store = try await Store<Int>.join("limits", over: MemoryTransport(on: network))
    let seen = NIOLockedValueBox<[String]>([])
    @Sendable func show(_ members: [String]) { seen.withLockedValue { $0 = members } }
    let task = Task {
      // shown
      for await members in store.memberUpdates() {
        show(members.map(\.nodeID))
      }
      // end
    }
    let other = try await Store<Int>.join("limits", over: MemoryTransport(on: network))
    await eventually("the other is there") { seen.withLockedValue { $0 == [other.nodeID] } }
    try await other.close()
    await eventually("it has gone") { seen.withLockedValue { $0.isEmpty } }
    try await store.close()
    await task.value
  }

  @Test("A message that is lost without a word is made good by itself")
  func lostWithoutNotice() async throws {
    let network = MemoryNetwork()
    let lossy = StubbornTransport(on: network)
    let a = try await Store<Int>.join("limits", over: lossy)
    let b = try await Store<Int>.join("limits", over: MemoryTransport(on: network))
    lossy.change { $0.publishOutcome = .accepted }
    try a.set("requests", to: 100)
    try await a.flush()
    lossy.change { $0.publishOutcome = nil }
    await eventually("it is there") { b["requests"] == 100 }
    #expect(b.statistics.entriesHealed > 0)
  }

  @Test("A store that closes before anybody has its last write says so")
  func unconfirmed() async throws {
    let network = MemoryNetwork()
    let lossy = StubbornTransport(on: network)
    let errors = NIOLockedValueBox<[StoreError.Code]>([])
    var configuration = StoreConfiguration<Int>()
    configuration.syncInterval = .milliseconds(50)
    configuration.onError = { error in errors.withLockedValue { $0.append(error.code) } }
    let other = try await Store<Int>.join("limits", over: MemoryTransport(on: network))
    let store = try await Store.join("limits", over: lossy, configuration: configuration)
    await eventually("they have heard of one another") { store.members.count == 1 }
    lossy.change { $0.publishOutcome = .accepted }
    try store.set("requests", to: 100)
    try await store.close()
    #expect(errors.withLockedValue { $0 } == [.unconfirmed])
    #expect(other["requests"] == nil)
  }
}

import PodShare
import PodShareTestKit
import Testing

@Suite("T17: stores that share a transport", .timeLimit(.minutes(1)))
struct SharedTransportTests {
  private func store(_ topic: String, _ transport: MemoryTransport) async throws -> Store<Int> {
    var configuration = StoreConfiguration<Int>()
    configuration.joinTimeout = .zero
    return try await Store.join(topic, over: transport, configuration: configuration)
  }

  @Test("T17: closing one leaves the others working, whatever it had not consumed")
  func closingOne() async throws {
    let network = MemoryNetwork()
    let (mine, theirs) = (MemoryTransport(on: network), MemoryTransport(on: network))
    let first = try await store("first", mine)
    let second = try await store("second", mine)
    let remoteFirst = try await store("first", theirs)
    let remoteSecond = try await store("second", theirs)
    let unread = first.watch(buffering: .bounded(100))
    for value in 0..<300 { try remoteFirst.set("k", to: value) }
    try await first.close()
    for value in 300..<600 { try remoteFirst.set("k", to: value) }
    try remoteSecond.set("k", to: 1)
    #expect(second["k"] == 1)
    try second.set("k", to: 2)
    #expect(remoteSecond["k"] == 2)
    withExtendedLifetime(unread) {}
  }

  @Test("T17: a topic that was left can be joined again, over the same transport")
  func again() async throws {
    let network = MemoryNetwork()
    let (mine, theirs) = (MemoryTransport(on: network), MemoryTransport(on: network))
    let other = try await store("topic", theirs)
    for round in 0..<5 {
      let store = try await Store<Int>.join("topic", over: mine)
      #expect(store.isCaughtUp)
      #expect(store.count == round)
      try store.set("\(round)", to: round)
      try await store.flush()
      #expect(other["\(round)"] == round)
      try await store.close()
      try other.set("\(round)", to: -round)
      #expect(store["\(round)"] == round)
    }
  }

  @Test("T17: two stores in one process on one topic, over one transport")
  func twice() async throws {
    let transport = MemoryTransport()
    let first = try await store("topic", transport)
    let second = try await Store<Int>.join("topic", over: transport)
    try first.set("k", to: 1)
    #expect(second["k"] == 1)
    try second.delete("k")
    #expect(first["k"] == nil)
    try await first.close()
    try second.set("k", to: 2)
    #expect(second["k"] == 2 && first["k"] == nil)
  }

  @Test("Topics do not hear of each other")
  func topics() async throws {
    let transport = MemoryTransport()
    let first = try await store("topic", transport)
    let second = try await store("topic/2", transport)
    let before = second.statistics.messagesReceived
    try first.set("k", to: 1)
    #expect(second["k"] == nil)
    #expect(second.statistics.messagesReceived == before)
  }
}

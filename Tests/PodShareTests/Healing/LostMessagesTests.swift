import NIOCore
import PodShare
import PodShareTestKit
import Testing

@Suite("Healing: what was lost comes by itself", .timeLimit(.minutes(2)))
struct LostMessagesTests {
  private static func configure(_ configuration: inout StoreConfiguration<Int>) {
    configuration.syncInterval = .milliseconds(100)
  }

  private func join(
    _ nodeID: String, on network: MemoryNetwork, faults: Faults = Faults(), isFirst: Bool = false
  ) async throws -> (store: Store<Int>, transport: FaultyTransport<MemoryTransport>) {
    let transport = FaultyTransport(MemoryTransport(on: network), faults: faults)
    var configuration = StoreConfiguration<Int>()
    Self.configure(&configuration)
    configuration.nodeID = nodeID
    configuration.joinTimeout = isFirst ? .zero : .seconds(50)
    return (try await Store.join("topic", over: transport, configuration: configuration), transport)
  }

  @Test("T1: writes made while a link is down, and nobody is told, are there on both sides when it is back")
  func silentCut() async throws {
    let network = MemoryNetwork()
    let a = try await join("a", on: network, isFirst: true)
    let b = try await join("b", on: network)
    try a.store.setMany(["both": 0, "deleted": 0])
    await eventually("b has them") { b.store.count == 2 }
    b.transport.change {
      $0.inbound.isCut = true
      $0.outbound.isCut = true
    }
    try a.store.set("a", to: 1)
    try a.store.set("both", to: 1)
    try b.store.set("b", to: 2)
    try b.store.delete("deleted")
    try a.store.set("both", to: 3)
    #expect(a.store["b"] == nil && b.store["a"] == nil && a.store["deleted"] == 0)
    // Long enough that each takes the other for gone.
    await eventually("nobody is there") { a.store.members.isEmpty && b.store.members.isEmpty }
    b.transport.faults = Faults()
    for store in [a.store, b.store] {
      await eventually("it has caught up", within: .seconds(5)) {
        store.snapshot().dictionary == ["a": 1, "b": 2, "both": 3]
      }
    }
  }

  @Test("T7: one lost message is there within two sync intervals, though nothing else is written")
  func oneLostMessage() async throws {
    let network = MemoryNetwork()
    let a = try await join("a", on: network, isFirst: true)
    let b = try await join("b", on: network)
    try a.store.set("before", to: 0)
    await eventually("b has it") { b.store["before"] == 0 }
    a.transport.change { $0.outbound.isCut = true }
    try a.store.set("lost", to: 1)
    a.transport.faults = Faults()
    #expect(b.store["lost"] == nil)
    await eventually("b has it", within: .seconds(5)) { b.store["lost"] == 1 }
    let statistics = b.store.statistics
    #expect(statistics.gaps + statistics.comparisons > 0 && statistics.entriesHealed == 1)
  }

  @Test("T7: with every third message lost, of healing too, all that was written arrives")
  func heavyLoss() async throws {
    let network = MemoryNetwork()
    let faults = Faults(bothWays: .init(loss: 0.3))
    let a = try await join("a", on: network, faults: faults, isFirst: true)
    let b = try await join("b", on: network, faults: faults)
    let c = try await join("c", on: network, faults: faults)
    let stores = [a.store, b.store, c.store]
    for number in 0..<300 {
      try stores[number % 3].set("key \(number % 50)", to: number)
      if number % 7 == 0 { try stores[(number + 1) % 3].delete("key \((number * 3) % 50)") }
    }
    await eventually("all are equal") {
      a.store.contents == b.store.contents && b.store.contents == c.store.contents
    }
    #expect(a.store.count > 0)
  }

  @Test("T8: 20,000 writes through a queue of 50 messages are all there in the end")
  func fullQueue() async throws {
    let network = MemoryNetwork()
    let faults = Faults(
      outbound: .init(delay: .milliseconds(50) ... .milliseconds(100)), maxQueuedMessages: 50)
    let a = try await join("a", on: network, isFirst: true)
    let b = try await join("b", on: network)
    a.transport.faults = faults
    for number in 0..<20_000 { try a.store.set("key \(number)", to: number) }
    await eventually("b has all") { b.store.count == 20_000 }
    #expect(a.transport.statistics.refused > 0)
    await eventually("nothing is left to send") { a.store.statistics.unsentKeys == 0 }
    await eventually("both are equal") { a.store.contents == b.store.contents }
  }

  @Test("T31: a batch larger than the queue arrives, and with it what was refused before")
  func batchLargerThanQueue() async throws {
    let network = MemoryNetwork()
    let a = try await join("a", on: network, isFirst: true)
    let b = try await join("b", on: network)
    a.transport.faults = Faults(
      outbound: .init(delay: .milliseconds(1) ... .milliseconds(2)), maxQueuedBytes: 200_000)
    try a.store.set("before", to: 0)
    try a.store.setMany((0..<20_000).map { ("key \($0)", $0) })
    #expect(a.store.count == 20_001)
    await eventually("b has all") { b.store.count == 20_001 }
    await eventually("both are equal") { a.store.contents == b.store.contents }
  }
}

import PodShare
import PodShareTestKit
import Testing

@Suite("Stores over a FaultyTransport", .timeLimit(.minutes(1)))
struct FaultyStoreTests {
  @Test(
    "What is lost without a word stays lost until heal, which makes it good in both directions, deletes too")
  func silentLoss() async throws {
    let fleet = try await TestFleet<Int>(pods: 2)
    try fleet[0].setMany(["a": 0, "b": 0])
    #expect(fleet[1].count == 2)
    fleet.transport(0).change { $0.isCut = true }
    try fleet[0].set("a", to: 1)
    try fleet[0].delete("b")
    try fleet[1].set("c", to: 2)
    fleet.clock.advance(by: .seconds(60))
    try await fleet[0].flush()
    try await fleet[1].flush()
    #expect(fleet[1].snapshot().dictionary == ["a": 0, "b": 0, "c": 2])
    #expect(fleet[0].snapshot().dictionary == ["a": 1])
    fleet.transport(0).heal()
    for store in fleet.stores {
      await eventually("it has caught up") { store.snapshot().dictionary == ["a": 1, "c": 2] }
    }
  }

  @Test("What a full queue refuses is sent again when there is room")
  func queueFull() async throws {
    let fleet = try await TestFleet<Int>(pods: 2)
    fleet.transport(0).faults = Faults(
      outbound: .init(delay: .milliseconds(100) ... .milliseconds(100)), maxQueuedMessages: 10)
    for key in 0..<100 { try fleet[0].set("\(key)", to: key) }
    #expect(fleet[0].statistics.unsentKeys == 90)
    #expect(fleet.transport(0).statistics.refused == 90)
    #expect(fleet[1].count == 0)
    fleet.clock.advance(by: .milliseconds(100))
    #expect(fleet[1].count == 10)
    // What is sent again is on its way when flush waits for it.
    let flush = Task { try await fleet[0].flush() }
    await eventually("the rest arrives") {
      fleet.clock.advance(by: .milliseconds(100))
      return fleet[1].count == 100
    }
    try await flush.value
  }

  @Test("An announced disconnection heals by itself when it is over")
  func disconnection() async throws {
    let fleet = try await TestFleet<Int>(pods: 3)
    fleet.transport(1).disconnect()
    try fleet[0].set("k", to: 1)
    try fleet[1].set("l", to: 2)
    #expect(fleet[0].snapshot().dictionary == ["k": 1] && fleet[1].snapshot().dictionary == ["l": 2])
    fleet.transport(1).connect()
    for store in fleet.stores { try await store.flush() }
    for store in fleet.stores { #expect(store.snapshot().dictionary == ["k": 1, "l": 2]) }
  }

  @Test("Doubled, reordered and delayed writes make no difference", arguments: 1...10 as ClosedRange<UInt64>)
  func disorder(seed: UInt64) async throws {
    let fleet = try await TestFleet<Int>(pods: 3, seed: seed)
    for transport in fleet.transports {
      transport.faults = Faults(
        bothWays: .init(duplication: 0.3, reordering: 0.3, delay: .zero ... .milliseconds(200)))
    }
    for number in 0..<60 {
      try fleet[number % 3].set("\(number % 7)", to: number)
      fleet.clock.advance(by: .milliseconds(10))
    }
    // Nothing was lost, so nothing needs to be healed.
    await eventually("all are equal when everything has arrived") {
      fleet.clock.advance(by: .milliseconds(100))
      return fleet.stores.allSatisfy { $0.contents == fleet[0].contents }
    }
  }
}

import PodShare
import PodShareTestKit
import Testing

@Suite("Seeds", .timeLimit(.minutes(1)))
struct SeedTests {
  private func store(_ network: MemoryNetwork, nodeID: String, clock: TestClock? = nil) throws -> Store<Int> {
    var configuration = StoreConfiguration<Int>()
    configuration.nodeID = nodeID
    if let clock { configuration.time = clock.time }
    return try Store("topic", over: MemoryTransport(on: network), configuration: configuration)
  }

  @Test("A seed reaches the others, and never overwrites what they know better")
  func olderThanAnyWrite() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    try a.store.set("written", to: 1)
    try a.store.set("deleted", to: 1)
    try a.store.delete("deleted")

    let seeded = try store(network, nodeID: "seeded")
    try seeded.seed(["written": 0, "deleted": 0, "new": 0])
    #expect(seeded.snapshot().dictionary == ["written": 0, "deleted": 0, "new": 0])
    let running = Task { try await seeded.run() }
    await eventually("both hold the same") {
      a.store["new"] == 0 && seeded.snapshot().dictionary == ["written": 1, "new": 0]
    }
    #expect(a.store.snapshot().dictionary == ["written": 1, "new": 0])
    running.cancel()
    try await running.value
  }

  @Test("A seed with a time of its own competes with writes by that")
  func asOf() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true) { $0.time = clock.time }
    try a.store.set("older", to: 1)
    let asOf = clock.now.advanced(by: .seconds(1))
    clock.advance(by: .seconds(2))
    try a.store.set("newer", to: 1)
    let seeded = try store(network, nodeID: "seeded")
    try seeded.seed(["older": 2, "newer": 2], asOf: asOf)
    #expect(seeded.version(of: "older")?.timestamp == asOf)
    let running = Task { try await seeded.run() }
    await eventually("both hold the same") {
      a.store["older"] == 2 && seeded["newer"] == 1
    }
    #expect(a.store["newer"] == 1)
    running.cancel()
    try await running.value
  }

  @Test("A write over a seed wins, whatever the seed's time")
  func writeOverSeed() async throws {
    let clock = TestClock()
    let seeded = try store(MemoryNetwork(), nodeID: "a", clock: clock)
    try seeded.seed(["k": 1], asOf: clock.now.advanced(by: .seconds(1_000)))
    try seeded.set("k", to: 2)
    #expect(seeded["k"] == 2)
    try seeded.delete("k")
    #expect(seeded["k"] == nil)
  }

  @Test("Of a key that is seeded twice the last value counts; watchers are told once")
  func duplicateKeys() async throws {
    let seeded = try store(MemoryNetwork(), nodeID: "a")
    let watch = seeded.watch()
    try seeded.seed([(key: "k", value: 1), (key: "l", value: 5), (key: "k", value: 2)])
    try await seeded.close()
    var events: [String: [Int?]] = [:]
    for try await event in watch { events[event.key, default: []].append(event.change.value) }
    #expect(events == ["k": [2], "l": [5]])
  }

  @Test("Seeds are on their way with the next flush")
  func flush() async throws {
    let network = MemoryNetwork()
    let b: Pod<Int> = try await network.pod("b", isFirst: true)
    let a: Pod<Int> = try await network.pod("a")
    try a.store.seed(["k": 1])
    try await a.store.flush()
    #expect(b.store["k"] == 1, "\(b.store.statistics) \(b.errors.all) \(a.store.statistics)")
  }
}

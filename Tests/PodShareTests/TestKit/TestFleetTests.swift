import PodShare
import PodShareTestKit
import Testing

@Suite("TestFleet", .timeLimit(.minutes(1)))
struct TestFleetTests {
  @Test("One line makes pods that have joined and hear each other, whatever their join timeout")
  func joining() async throws {
    for timeout in [Duration.zero, .seconds(1), .seconds(3_600)] {
      var configuration = StoreConfiguration<String>()
      configuration.joinTimeout = timeout
      let fleet = try await TestFleet(pods: 4, seed: 7, topic: "names", configuration: configuration)
      #expect(fleet.count == 4)
      #expect(fleet.stores.map(\.nodeID) == ["pod-0", "pod-1", "pod-2", "pod-3"])
      #expect(fleet.stores.map(\.topic) == Array(repeating: fleet.topic, count: 4))
      #expect(fleet.stores.dropFirst().allSatisfy { $0.isCaughtUp })
      try fleet[3].set("k", to: "v")
      #expect(fleet.stores.map { $0["k"] } == ["v", "v", "v", "v"])
      try await fleet.settle()
      try await fleet.close()
      #expect(StoreError.code { try fleet[0].set("k", to: "w") } == .closed)
    }
  }

  @Test("A fleet of one settles")
  func alone() async throws {
    let fleet = try await TestFleet<Int>(pods: 1)
    try fleet[0].set("k", to: 1)
    try await fleet.settle()
    #expect(fleet[0]["k"] == 1)
    try await fleet.close()
  }

  @Test("What cannot join says why")
  func failing() async throws {
    #expect(await StoreError.code { _ = try await TestFleet<Int>(topic: "") } == .invalidTopic)
  }

  @Test(
    "settle heals loss, cuts, disconnections, full queues and delays",
    arguments: 1...20 as ClosedRange<UInt64>)
  func settling(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let fleet = try await TestFleet<Int>(pods: 3, seed: seed)
    for number in 0..<200 {
      let pod = Int.random(in: 0..<3, using: &random)
      let key = "\(Int.random(in: 0..<10, using: &random))"
      if random.chance(0.2) { try fleet[pod].delete(key) } else { try fleet[pod].set(key, to: number) }
      let transport = fleet.transport(Int.random(in: 0..<3, using: &random))
      switch Int.random(in: 0..<20, using: &random) {
      case 0: transport.disconnect()
      case 1: transport.connect()
      case 2: transport.change { $0.isCut.toggle() }
      case 3: transport.change { $0.maxQueuedMessages = random.chance(0.5) ? 2 : nil }
      case 4:
        transport.change { faults in
          faults.outbound = .init(
            loss: 0.3, duplication: 0.3, reordering: 0.3, delay: .zero ... .milliseconds(500))
          faults.inbound.loss = 0.2
        }
      default: fleet.clock.advance(by: .milliseconds(20))
      }
    }
    let differed = fleet.stores.contains {
      $0.snapshot().dictionary != fleet[0].snapshot().dictionary
    }
    #expect(differed, "the faults had no effect")
    try await fleet.settle()
    for store in fleet.stores {
      #expect(store.contents == fleet[0].contents)
      #expect(store.statistics.unsentKeys == 0)
    }
    try await fleet.close()
  }

  @Test("settle tells the keys under which the pods do not hold the same, and what each holds")
  func differences() async throws {
    // Joins that are none: each pod keeps its own.
    var configuration = StoreConfiguration<Int>()
    configuration.merge = Merge { present, _ in present }
    let fleet = try await TestFleet(pods: 2, configuration: configuration)
    try fleet[0].set("same", to: 0)
    fleet.transport(0).disconnect()
    try fleet[0].set("b", to: 1)
    try fleet[1].set("b", to: 2)
    try fleet[0].set("a", to: 3)
    try fleet[1].set("a", to: 4)
    let error = await #expect(throws: FleetDifferences.self) { try await fleet.settle() }
    let differences = try #require(error)
    #expect(differences.keys.map(\.key) == ["a", "b"])
    #expect(differences.keys.first?.holdings.map(\.nodeID) == ["pod-0", "pod-1"])
    let text = "\(differences)".split(separator: "\n")
    #expect(text.first == "2 keys differ after the network has healed:")
    #expect(text.dropFirst().first?.hasPrefix("\"a\": pod-0 has 3, 2026-") == true)
    #expect(text.last?.contains("; pod-1 has 2, 2026-") == true)
  }

  @Test("A store that was closed is left out of the settling")
  func closed() async throws {
    let fleet = try await TestFleet<Int>(pods: 3)
    try await fleet[1].close()
    try fleet[0].set("k", to: 1)
    try await fleet.settle()
    #expect(fleet.stores.map { $0["k"] } == [1, nil, 1])
    try await fleet.close()
  }

  @Test("close does not wait for time that does not pass, whatever the faults; watches end")
  func closing() async throws {
    let fleet = try await TestFleet<Int>(pods: 2)
    let events = fleet[1].watch()
    for transport in fleet.transports {
      transport.faults = Faults(bothWays: .init(delay: .seconds(100) ... .seconds(100)))
      transport.change { $0.draining = .hanging }
    }
    try fleet[0].set("k", to: 1)
    fleet.transport(1).disconnect()
    try await fleet.close()
    for try await event in events { #expect(event.key == "k") }
  }

  @Test("No pod of a fleet that was dropped stays on the network")
  func dropped() async throws {
    var fleet: TestFleet<Int>? = try await TestFleet(pods: 2)
    let clock = try #require(fleet?.clock)
    weak let store = fleet?[0]
    weak let transport = fleet?.transport(0)
    fleet = nil
    await eventually("all of it is gone") { store == nil && transport == nil && clock.sleepers == 0 }
  }
}

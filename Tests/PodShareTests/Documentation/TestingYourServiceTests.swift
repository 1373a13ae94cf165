import PodShare
import PodShareTestKit
import Testing

// The code of the page "Testing your service", and of the kit's landing page.

private protocol RequestCounting: Actor {
  init(_ store: Store<Int>)
  nonisolated func served() throws
  func run() async throws
  var total: Int { get }
}

/// The service as it is first: wrong as soon as a message is lost.
private enum ByEvents {
  // shown
  actor RequestCount {
    private let store: Store<Int>  // How many requests each pod has served, by its node ID.
    private let events: Watch<Int>
    private(set) var total = 0

    init(_ store: Store<Int>) {
      self.store = store
      events = store.watch()
    }

    nonisolated func served() throws {
      try store.set(store.nodeID, to: (store[store.nodeID] ?? 0) + 1)
    }

    func run() async throws {
      for try await _ in events { total += 1 }  // One event for each request.
    }
  }
  // end
}

/// The service corrected.
private enum ByState {
  actor RequestCount {
    private let store: Store<Int>
    private let events: Watch<Int>
    private(set) var total = 0

    init(_ store: Store<Int>) {
      self.store = store
      events = store.watch()
    }

    nonisolated func served() throws {
      try store.set(store.nodeID, to: (store[store.nodeID] ?? 0) + 1)
    }

    // shown
    func run() async throws {
      for try await _ in events { total = store.snapshot().reduce(0) { $0 + $1.value } }
    }
    // end
  }
}

extension ByEvents.RequestCount: RequestCounting {}
extension ByState.RequestCount: RequestCounting {}

@Suite("Testing your service", .timeLimit(.minutes(1)))
struct TestingYourServiceTests {
  /// The page's test, of either service.
  private func check<RequestCount: RequestCounting>(
    _: RequestCount.Type, losing loss: Double, seed: UInt64
  ) async throws {
    // shown
    let fleet = try await TestFleet<Int>(pods: 3, seed: seed)
    let counts = fleet.stores.map { RequestCount($0) }
    let running = counts.map { count in Task { try await count.run() } }
    for transport in fleet.transports { transport.change { $0.outbound.loss = loss } }
    for request in 0..<60 { try counts[request % 3].served() }
    try await fleet.settle()  // The network heals, and all pods hold the same.
    try await fleet.close()  // The watches end when they have been consumed.
    for task in running { try await task.value }
    for count in counts { #expect(await count.total == 60) }
    // end
  }

  @Test(
    "The service that adds up events fails when messages are lost", arguments: 1...5 as ClosedRange<UInt64>)
  func addingUpEvents(seed: UInt64) async throws {
    try await withKnownIssue {
      try await check(ByEvents.RequestCount.self, losing: 0.3, seed: seed)
    } matching: { issue in
      if case .expectationFailed = issue.kind { true } else { false }
    }
  }

  @Test("It passes when none is lost", arguments: 1...5 as ClosedRange<UInt64>)
  func nothingLost(seed: UInt64) async throws {
    try await check(ByEvents.RequestCount.self, losing: 0, seed: seed)
  }

  @Test("The service that reads the state passes either way", arguments: 1...20 as ClosedRange<UInt64>)
  func readingState(seed: UInt64) async throws {
    try await check(ByState.RequestCount.self, losing: 0.3, seed: seed)
    try await check(ByState.RequestCount.self, losing: 0, seed: seed)
  }

  @Test("A store that was never run")
  func unitTest() async throws {
    typealias RequestCount = ByState.RequestCount
    // shown
    let store = try Store<Int>("requests", over: MemoryTransport())
    let count = RequestCount(store)
    try count.served()
    try count.served()
    #expect(store[store.nodeID] == 2)
    // end
  }

  @Test("Time that stands still")
  func time() async throws {
    // shown
    let clock = TestClock()
    var configuration = StoreConfiguration<Int>()
    configuration.time = clock.time

    async let joining = Store.join("limits", over: MemoryTransport(), configuration: configuration)
    try await clock.waitForSleepers(2)  // The join's timeout and the maintenance.
    clock.advance(by: .seconds(1))
    let store = try await joining
    // end
    #expect(!store.isCaughtUp)
  }

  @Test("A network that misbehaves")
  func faults() {
    // shown
    let clock = TestClock()
    let cable = FaultyTransport(MemoryTransport(), seed: 7, clock: clock)

    cable.faults = Faults(
      outbound: .init(loss: 0.1, duplication: 0.05, delay: .milliseconds(1) ... .milliseconds(50)),
      inbound: .init(reordering: 0.2), maxQueuedMessages: 100)
    clock.advance(by: .milliseconds(50))  // What was sent before has arrived when this returns.

    cable.change { $0.isCut = true }  // Cut off, and nobody is told.
    cable.disconnect()  // Cut off, and the store is told.
    cable.heal()  // All is well again, and the store catches up.
    // end
    #expect(cable.isConnected && cable.faults == Faults())
  }

  @Test("A fleet in one line")
  func fleet() async throws {
    // shown
    let fleet = try await TestFleet<String>(pods: 3, seed: 7)
    fleet.transport(2).disconnect()
    try fleet[0].set("primary", to: "10.0.0.1")
    #expect(fleet[2]["primary"] == nil)
    try await fleet.settle()
    #expect(fleet[2]["primary"] == "10.0.0.1")
    // end
  }

  @Test("Merges")
  func merges() throws {
    // shown
    let highest = Merge<[String: Int]> { $0.merging($1) { max($0, $1) } }
    try checkJoinLaws(of: highest, on: [[:], ["a": 1], ["a": 2], ["a": 1, "b": 1]])
    // end
    // shown
    try checkConvergence(of: [["a": 1], ["a": 2], ["b": 1]], merge: highest, seeds: 1...10)
    // end
  }

  @Test("The kit's landing page")
  func landingPage() async throws {
    // shown
    let fleet = try await TestFleet<Int>(pods: 3, seed: 7)
    for transport in fleet.transports { transport.change { $0.outbound.loss = 0.3 } }
    for number in 0..<100 { try fleet[number % 3].set("number", to: number) }
    try await fleet.settle()  // The network heals, and all pods hold the same.
    // end
    #expect(fleet.stores.map { $0["number"] } == [99, 99, 99])
  }
}

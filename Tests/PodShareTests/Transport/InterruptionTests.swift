import PodShareTestKit
import Testing

@testable import PodShare

@Suite("Interruptions", .timeLimit(.minutes(1)))
struct InterruptionTests {
  @Test("flush throws broadcastFailed while disconnected, and succeeds after connecting; the writes stand")
  func flush() async throws {
    let (a, b) = try await MemoryNetwork().pods(of: Int.self)
    a.transport.disconnect()
    try a.store.set("k", to: 1)
    #expect(await StoreError.code { try await a.store.flush() } == .broadcastFailed)
    #expect(a.store["k"] == 1)
    #expect(b.store["k"] == nil)
    #expect(a.store.statistics.unsentKeys == 1)
    #expect(a.errors.codes.contains(.publishFailed))
    a.transport.connect()
    try await a.store.flush()
    #expect(b.store["k"] == 1)
    #expect(a.store.statistics.unsentKeys == 0)
  }

  @Test("What was written while apart arrives after reconnecting, in both directions, deletes too")
  func bothDirections() async throws {
    let (a, b) = try await MemoryNetwork().pods(of: Int.self)
    try a.store.setMany(["both": 0, "deleted by a": 0, "deleted by b": 0])
    a.transport.disconnect()
    try a.store.set("a", to: 1)
    try a.store.set("both", to: 1)
    try a.store.delete("deleted by a")
    try b.store.set("b", to: 2)
    try b.store.set("both", to: 2)
    try b.store.delete("deleted by b")
    #expect(a.store.snapshot().dictionary != b.store.snapshot().dictionary)
    a.transport.connect()
    await eventually("both hold both") { a.store.contents == b.store.contents && a.store.count == 3 }
    #expect(a.store.snapshot().dictionary == ["a": 1, "b": 2, "both": 2])
  }

  @Test(
    "T31: a queue with room for a part of what there is to send lets it all through, a part each time",
    arguments: [(WireFormat.v2, 800, 1), (.v1, 100, 30)])
  func smallQueue(format: WireFormat, keys: Int, room: Int) async throws {
    let network = MemoryNetwork()
    let transport = StubbornTransport(on: network)
    var configuration = StoreConfiguration<String>()
    configuration.wireFormat = format
    configuration.syncInterval = .seconds(3_600)  // Nobody but the flushes uses the room there is.
    configuration.joinTimeout = .zero
    let a = try await Store.join("topic", over: transport, configuration: configuration)
    let b: Pod<String> = try await network.pod("b") { $0.syncInterval = .seconds(3_600) }
    transport.change { $0.publishOutcome = .disconnected }
    let value = String(repeating: "x", count: 1_000)
    try a.setMany((0..<keys).map { ("\($0)", value) })
    await eventually("all was refused") { a.statistics.unsentKeys == keys }
    transport.change { $0.room = 0 }
    transport.change { $0.publishOutcome = nil }
    var unsent = [a.statistics.unsentKeys]
    while let before = unsent.last, before > 0, unsent.count < 20 {
      transport.change { $0.room = room }
      let code = await StoreError.code { try await a.flush() }
      unsent.append(a.statistics.unsentKeys)
      #expect(code == (unsent.last == 0 ? nil : .broadcastFailed))
    }
    #expect(unsent.last == 0, "\(unsent)")
    #expect(zip(unsent, unsent.dropFirst()).allSatisfy { $0 > $1 }, "\(unsent)")
    #expect(b.store.contents == a.contents)
  }

  @Test("T7, T8: a full queue loses nothing: what was refused is sent with the next tick")
  func queueFull() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let b: Pod<Int> = try await network.pod("b", isFirst: true)
    let transport = StubbornTransport(on: network)
    var configuration = StoreConfiguration<Int>()
    configuration.time = clock.time
    let a = try await Store.join("topic", over: transport, configuration: configuration)
    try await clock.waitForSleepers(1)
    transport.change { $0.publishOutcome = .queueFull }
    for key in 0..<1_000 { try a.set("\(key % 100)", to: key) }
    #expect(b.store.count == 0)
    // P7: what waits is bounded by the number of keys, not of writes.
    #expect(a.statistics.unsentKeys == 100)
    #expect(a.statistics.publishFailures >= 1_000)
    transport.change { $0.publishOutcome = nil }
    clock.advance(by: .seconds(1))
    await eventually("b has everything") { b.store.contents == a.contents && a.statistics.unsentKeys == 0 }
  }

  @Test("A batch that was refused is sent again, entry by entry if need be")
  func refusedBatch() async throws {
    let network = MemoryNetwork()
    let b: Pod<String> = try await network.pod("b", isFirst: true)
    let transport = StubbornTransport(on: network)
    let a = try await Store<String>.join("topic", over: transport)
    transport.change { $0.publishOutcome = .queueFull }
    let value = String(repeating: "x", count: 500)
    try a.setMany((0..<2_000).map { ("\($0)", value) })
    #expect(await StoreError.code { try await a.flush() } == .broadcastFailed)
    transport.change { $0.publishOutcome = nil }
    try await a.flush()
    #expect(b.store.count == 2_000)
    #expect(b.store.keys.count == a.keys.count)
  }

  @Test("refresh takes over what was missed, and returns when it has")
  func refresh() async throws {
    let network = MemoryNetwork()
    let (a, b) = try await network.pods(of: Int.self)
    // A write that reaches a alone: the network has lost the message to b.
    var raw = RawPod(on: MemoryNetwork())
    let message = raw.set("lost", to: "1", at: .now())
    a.store.core.receive(message)
    #expect(b.store["lost"] == nil)
    try await b.store.refresh()
    #expect(b.store["lost"] == 1)
  }

  @Test("refresh with nobody there returns after the join timeout; cancelled, it says so")
  func refreshAlone() async throws {
    let clock = TestClock()
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true) { $0.time = clock.time }
    try await clock.waitForSleepers(1)
    try await a.store.refresh()  // Its join timeout is zero.

    var configuration = StoreConfiguration<Int>()
    configuration.time = clock.time
    let b = try Store("topic", over: MemoryTransport(), configuration: configuration)
    let refresh = Task { try await b.refresh() }
    try await clock.waitForSleepers(2)
    refresh.cancel()
    #expect(await StoreError.code { try await refresh.value } == .cancelled)
  }

  @Test("Two refreshes at once both return")
  func twoRefreshes() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    let b: Pod<Int> = try await network.pod("b") { $0.time = clock.time }
    // Time stands still: if one of them waited for its timeout, it would wait for ever.
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 { group.addTask { try await b.store.refresh() } }
      try await group.waitForAll()
    }
    withExtendedLifetime(a) {}
  }

  @Test("A pod that joins while off the network catches up when it is on it")
  func joinDisconnected() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    try a.store.set("k", to: 1)
    let transport = MemoryTransport(on: network)
    transport.disconnect()
    var configuration = StoreConfiguration<Int>()
    configuration.joinTimeout = .zero
    let b = try await Store.join("topic", over: transport, configuration: configuration)
    #expect(!b.isCaughtUp)
    try b.set("mine", to: 2)
    transport.connect()
    await eventually("both hold both") { b["k"] == 1 && a.store["mine"] == 2 && b.isCaughtUp }
  }
}

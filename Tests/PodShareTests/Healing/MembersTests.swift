import PodShare
import PodShareTestKit
import Testing

@Suite("Members, goodbye, receipts", .timeLimit(.minutes(1)))
struct MembersTests {
  @Test("members names the other pods, not oneself, and who is caught up; it is sorted by node ID")
  func view() async throws {
    let network = MemoryNetwork()
    let (a, b) = try await network.pods(of: Int.self)
    let c: Pod<Int> = try await network.pod("c")
    await eventually("a knows both") { a.store.members.map(\.nodeID) == ["b", "c"] }
    await eventually("they are caught up") { a.store.members.allSatisfy(\.isCaughtUp) }
    #expect(b.store.members.map(\.nodeID) == ["a", "c"])
    #expect(c.store.members.map(\.nodeID) == ["a", "b"])
    #expect(a.store.statistics.members == 2)
    #expect(Set(a.store.members.map(\.incarnation)).count == 2)
    let member = try #require(a.store.members.first)
    #expect(abs(Timestamp.now().duration(since: member.lastSeen) / .seconds(1)) < 60)
    await eventually("they have been equal") { a.store.members.allSatisfy { $0.lastEqual != nil } }
  }

  @Test("A pod that closes is gone at once; one that falls silent, after six sync intervals")
  func leaving() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let (a, b) = try await network.pods(of: Int.self) { $0.time = clock.time }
    let c: Pod<Int> = try await network.pod("c") { $0.time = clock.time }
    await eventually("a knows both") { a.store.members.map(\.nodeID) == ["b", "c"] }
    try await b.store.close()
    #expect(a.store.members.map(\.nodeID) == ["c"])
    c.transport.disconnect()
    for _ in 0..<5 {
      try await clock.waitForSleepers(2)
      clock.advance(by: .seconds(1))
    }
    try await clock.waitForSleepers(2)
    #expect(a.store.members.map(\.nodeID) == ["c"])
    for _ in 0..<2 {
      clock.advance(by: .seconds(1))
      try await clock.waitForSleepers(2)
    }
    #expect(a.store.members.isEmpty)
    #expect(c.store.members.isEmpty)
  }

  @Test(
    "memberUpdates begins with the present members, tells of each that comes and goes, and ends with the store"
  )
  func updates() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    let updates = a.store.memberUpdates()
    var iterator = updates.makeAsyncIterator()
    #expect(await iterator.next()?.map(\.nodeID) == [])
    let b: Pod<Int> = try await network.pod("b")
    var seen: [Member] = []
    while seen.first?.isCaughtUp != true { seen = try #require(await iterator.next()) }
    #expect(seen.map(\.nodeID) == ["b"])
    try await b.store.close()
    while !seen.isEmpty { seen = try #require(await iterator.next()) }
    try await a.store.close()
    while let last = await iterator.next() { #expect(last.isEmpty) }
    var later = a.store.memberUpdates().makeAsyncIterator()
    while await later.next() != nil {}
  }

  @Test("close waits until somebody has the last write, though the message with it was lost")
  func receipt() async throws {
    let network = MemoryNetwork()
    let transport = FaultyTransport(MemoryTransport(on: network))
    let b: Pod<Int> = try await network.pod("b", isFirst: true)
    let a = try await Store<Int>.join("topic", over: transport)
    try a.set("k", to: 1)
    await eventually("b has it") { b.store["k"] == 1 }
    transport.change { $0.outbound.isCut = true }
    try a.set("k", to: 2)
    try a.set("l", to: 3)
    transport.change { $0.outbound.isCut = false }
    #expect(b.store["k"] == 1)
    try await a.close()
    #expect(b.store["k"] == 2 && b.store["l"] == 3)
  }

  @Test("close does not wait where nobody else is, and says so where nobody answers")
  func nobodyAnswers() async throws {
    let network = MemoryNetwork()
    let alone: Pod<Int> = try await network.pod("alone", isFirst: true)
    try alone.store.set("k", to: 1)
    let begin = ContinuousClock.now
    try await alone.store.close()
    #expect(ContinuousClock.now - begin < .seconds(1.5))
    #expect(alone.errors.all.isEmpty)

    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    let transport = FaultyTransport(MemoryTransport(on: network))
    let errors = ErrorLog()
    var configuration = StoreConfiguration<Int>()
    configuration.onError = { errors.record($0) }
    let b = try await Store.join("topic", over: transport, configuration: configuration)
    transport.change { $0.outbound.isCut = true }
    try b.set("k", to: 2)
    try await b.close()
    #expect(errors.count(of: .unconfirmed) == 1)
    #expect(a.store["k"] == nil)
  }

  @Test(
    "Where the transport never gets done with sending, close asks the others all the same",
    arguments: [false, true])
  func hangingDrain(isCut: Bool) async throws {
    let network = MemoryNetwork()
    let b: Pod<Int> = try await network.pod("b", isFirst: true)
    let transport = FaultyTransport(MemoryTransport(on: network))
    let errors = ErrorLog()
    var configuration = StoreConfiguration<Int>()
    configuration.syncInterval = .milliseconds(200)
    configuration.onError = { errors.record($0) }
    let a = try await Store.join("topic", over: transport, configuration: configuration)
    await eventually("b knows a") { b.store.members.count == 1 && a.members.count == 1 }
    transport.change {
      $0.draining = .hanging
      $0.outbound.isCut = isCut
    }
    try a.set("k", to: 1)
    try await a.close(timeout: .seconds(2))
    #expect(b.store["k"] == (isCut ? nil : 1))
    #expect(Set(errors.codes) == (isCut ? [.unconfirmed, .broadcastFailed] : []))
  }

  @Test(
    "A store that wrote wire version 1, whose writes have no numbers, is confirmed by whoever holds the same")
  func receiptOfVersion1() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    let b: Pod<Int> = try await network.pod("b") { $0.wireFormat = .v1 }
    try b.store.set("k", to: 1)
    try await b.store.close()
    #expect(a.store["k"] == 1)
    #expect(b.errors.count(of: .unconfirmed) == 0)
  }
}

import NIOCore
import PodShareTestKit
import Testing

@testable import PodShare

@Suite("Joining that goes wrong", .timeLimit(.minutes(3)))
struct InterruptedJoinTests {
  @Test("A stream that breaks in the middle is not begun anew: a comparison brings what is missing")
  func brokenStream() throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let fleet = SimulatedFleet<Int>(seed: seed, options: .forSimulation)
      let a = try fleet.start("a", codec: BigEndianCodec())
      try fleet.run(for: .seconds(2))
      for number in 0..<100 {
        _ = try fleet.write([LocalChange(key: Key("\(number)"), action: .set(number))], on: a)
      }
      // Of some twenty chunks, many are lost.
      fleet.loss = 0.4
      let b = try fleet.start("b", codec: BigEndianCodec())
      try fleet.run(for: .seconds(5))
      fleet.loss = 0
      // A message takes up to 0.8 s, and a comparison has some one after the other.
      try fleet.run(for: .seconds(10))
      let isCaughtUp = b.replica.isCaughtUp
      #expect(isCaughtUp, "seed \(seed)")
      #expect(b.replica.snapshot().count == 100, "seed \(seed)")
    }
  }

  @Test("A pod whose stream broke off, and that hears nobody any more, does not take itself for caught up")
  func deafWithAPart() throws {
    var parts = 0
    for seed in 1...40 as ClosedRange<UInt64> {
      let fleet = SimulatedFleet<Int>(seed: seed, options: .forSimulation)
      fleet.conditions.lateDuplication = 0
      let a = try fleet.start("a", codec: BigEndianCodec())
      try fleet.run(for: .seconds(2))
      for number in 0..<100 {
        _ = try fleet.write([LocalChange(key: Key("\(number)"), action: .set(number))], on: a)
      }
      try fleet.run(for: .seconds(1))
      fleet.loss = 0.5
      let b = try fleet.start("b", codec: BigEndianCodec())
      for _ in 0..<200 where b.replica.count == 0 { try fleet.run(for: .milliseconds(10)) }
      fleet.loss = 0
      fleet.reaches = { _, pod in pod !== b }
      // What was on its way still arrives.
      try fleet.run(for: .seconds(20))
      let count = b.replica.count
      guard (1..<100).contains(count) else { continue }
      parts += 1
      var isCaughtUp = b.replica.isCaughtUp
      #expect(!isCaughtUp, "seed \(seed): with \(count) entries of 100")
      fleet.reaches = { _, _ in true }
      try fleet.run(for: .seconds(10))
      isCaughtUp = b.replica.isCaughtUp
      #expect(isCaughtUp, "seed \(seed)")
      #expect(b.replica.snapshot().count == 100, "seed \(seed)")
    }
    #expect(parts >= 10, "the streams of only \(parts) seeds broke off in the middle")
  }

  @Test("join does not wait for ever while entries come that are not of the state it has asked for")
  func entriesBesideTheStream() async throws {
    let network = MemoryNetwork()
    let raw = RawPod(on: network)
    // It is there and holds something, never answers the question for it, and heals all the while.
    let healing = Task.detached {
      for number in 1...UInt64.max {
        let heartbeat = SyncMessage.Heartbeat(
          counter: number, root: number, tombstones: 0, contextHash: 0,
          lastSequence: raw.identity.incarnation, isSettled: true, isCaughtUp: true, wantsReply: false)
        raw.sendAside(SyncMessage(sender: raw.identity, .heartbeat(heartbeat)).encoded())
        var encoder = StateEncoder(sender: raw.identity, answer: nil, hop: 0, isSettled: true) {
          raw.sendAside($0)
        }
        let version = Version(timestamp: .now(), author: raw.identity, sequence: raw.sequence + number)
        try encoder.set(Key("\(number)"), version: version, epoch: .beginning) { $0.writeString("1") }
        encoder.finish()
        try await Task.sleep(for: .milliseconds(5))
      }
    }
    var configuration = StoreConfiguration<Int>()
    configuration.joinTimeout = .milliseconds(200)
    let begin = ContinuousClock.now
    let store = try await Store.join(
      "topic", over: MemoryTransport(on: network), configuration: configuration)
    #expect(ContinuousClock.now - begin < .seconds(5))
    #expect(!store.isCaughtUp)
    await eventually("entries have come") { store.count > 10 }
    healing.cancel()
    _ = await healing.result
  }

  @Test("Many pods that join at once are streamed the state in turn, and none compares instead")
  func crowd() async throws {
    let network = MemoryNetwork()
    let full: Pod<Int> = try await network.pod("full", isFirst: true)
    try full.store.setMany((0..<3_000).map { ("k\($0)", $0) })
    let stores = try await withThrowingTaskGroup(of: Store<Int>.self) { group in
      for _ in 0..<16 {
        group.addTask {
          var configuration = StoreConfiguration<Int>()
          configuration.joinTimeout = .milliseconds(1)
          return try await Store.join(
            "topic", over: MemoryTransport(on: network), configuration: configuration)
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    for store in stores {
      await eventually("it is caught up") { store.isCaughtUp }
      #expect(store.count == 3_000)
    }
    let comparisons = stores.reduce(full.store.statistics.comparisons) { $0 + $1.statistics.comparisons }
    #expect(comparisons == 0)
  }

  @Test("A joinTimeout of ages is no different from a long one")
  func endlessTimeout() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    try a.store.set("k", to: 1)
    var configuration = StoreConfiguration<Int>()
    configuration.joinTimeout = .seconds(Int64.max)
    let b = try await Store.join(
      "topic", over: MemoryTransport(on: network), configuration: configuration)
    #expect(b["k"] == 1)
  }
}

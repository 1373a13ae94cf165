import NIOCore
import Testing

@testable import PodShare
@testable import PodShareTestKit

@Suite("Joining", .timeLimit(.minutes(3)))
struct JoiningTests {
  @Test("T3: a pod that only received serves what it has: A writes, leaves, and C joins through B")
  func throughThirdPod() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    let b: Pod<Int> = try await network.pod("b")
    for number in 0..<100 { try a.store.set("\(number)", to: number) }
    try await a.store.close()
    let c: Pod<Int> = try await network.pod("c")
    #expect(c.store.isCaughtUp)
    #expect(c.store.count == 100)
    #expect(c.store.contents == b.store.contents)
  }

  @Test("T4: a pod that joins in the midst of heavy writes ends up whole")
  func busyFleet() async throws {
    let network = MemoryNetwork()
    let (a, b) = try await network.pods(of: Int.self) { $0.syncInterval = .milliseconds(100) }
    let writing = Task.detached {
      var number = 0
      while !Task.isCancelled {
        try a.store.set("a \(number % 2_000)", to: number)
        if number % 3 == 0 { try b.store.delete("a \((number / 2) % 2_000)") }
        try b.store.set("b \(number % 500)", to: number)
        number += 1
        if number % 100 == 0 { await Task.yield() }
      }
    }
    var joined: [Pod<Int>] = []
    for index in 0..<5 {
      await eventually("much has been written") { a.store.statistics.localWrites > 1_000 * (index + 1) }
      joined.append(try await network.pod("joiner \(index)") { $0.syncInterval = .milliseconds(100) })
    }
    writing.cancel()
    try await writing.value
    for pod in joined + [b] {
      #expect(pod.store.isCaughtUp)
      await eventually("it holds what a holds") { pod.store.contents == a.store.contents }
    }
    #expect(a.store.count > 500)
  }

  @Test("T5: a state of 80 MiB, more than a message may have, is joined whole")
  func largeState() async throws {
    let network = MemoryNetwork()
    var configuration = StoreConfiguration(codec: BlobCodec())
    configuration.syncInterval = .milliseconds(500)
    let a = try await network.pod("a", isFirst: true, configuration: configuration)
    for number in 0..<80 {
      try a.store.set("\(number)", to: [UInt8](repeating: UInt8(number), count: 1_024 * 1_024))
    }
    let b = try await network.pod("b", configuration: configuration)
    #expect(b.store.isCaughtUp)
    #expect(b.store.count == 80)
    #expect(b.store["79"]?.count == 1_024 * 1_024)
    #expect(b.store["79"]?.last == 79)
  }

  @Test("P7: a transport that never gets rid of what it has taken holds up no joiner")
  func hangingDrain() async throws {
    let network = MemoryNetwork()
    let transport = FaultyTransport(MemoryTransport(on: network))
    var configuration = StoreConfiguration(codec: BlobCodec())
    configuration.joinTimeout = .zero
    let a = try await Store.join("topic", over: transport, configuration: configuration)
    for number in 0..<12 { try a.set("\(number)", to: [UInt8](repeating: 1, count: 1_024 * 1_024)) }
    transport.change { $0.draining = .hanging }
    let b = try await network.pod("b", configuration: StoreConfiguration(codec: BlobCodec()))
    #expect(b.store.isCaughtUp)
    #expect(b.store.count == 12)
  }

  private struct BlobCodec: Codec {
    func encode(_ value: [UInt8], into buffer: inout ByteBuffer) { buffer.writeBytes(value) }
    func decode(_ bytes: ByteBuffer) -> [UInt8] { Array(buffer: bytes) }
  }

  @Test("T30: a pod that joins right after a write has it, 50 times of 50")
  func rightAfterWrite() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    for number in 0..<50 {
      try a.store.set("k", to: number)
      let b: Pod<Int> = try await network.pod("b\(number)")
      #expect(b.store["k"] == number)
      try await b.store.close()
    }
  }

  @Test("Three cold pods that start together do not wait for one another")
  func coldStart() async throws {
    let network = MemoryNetwork()
    let begin = ContinuousClock.now
    let stores = try await withThrowingTaskGroup(of: Store<Int>.self) { group in
      for _ in 0..<3 {
        group.addTask { try await Store.join("topic", over: MemoryTransport(on: network)) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(ContinuousClock.now - begin < .seconds(10))
    for store in stores {
      await eventually("it is caught up") { store.isCaughtUp }
    }
  }

  @Test(
    "T2: pods that hold nothing, or a part, answer a joiner first, and it still holds all when it says it is caught up",
    arguments: [(1, 0), (1, 8), (2, 0), (2, 8)], [false, true])
  func lesserPodsAnswerFirst(_ pods: (count: Int, held: Int), areCounted: Bool) throws {
    let (count, held) = pods
    for seed in 1...25 as ClosedRange<UInt64> {
      let fleet = SimulatedFleet<Int>(seed: seed, options: .forSimulation)
      fleet.conditions.countsPods = areCounted
      // Who cannot be counted must not be too slow.
      fleet.conditions.delay = 0.000_1...(areCounted ? 0.2 : 0.01)
      let full = try fleet.start("full", codec: BigEndianCodec())
      let lesser = try (0..<count).map { try fleet.start("lesser \($0)", codec: BigEndianCodec()) }
      // They do not hear the full one, nor does it hear them, so they stay what they are.
      let others = Set(lesser.map(\.identity))
      fleet.reaches = { a, b in
        !(a.identity == full.identity && others.contains(b.identity))
          && !(b.identity == full.identity && others.contains(a.identity))
      }
      try fleet.run(for: .seconds(3))
      // Two of them have found each other, and that they are equal.
      for pod in lesser {
        let isCaughtUp = pod.replica.isCaughtUp
        #expect(isCaughtUp == (count > 1), "seed \(seed)")
      }
      try fleet.fill([full], with: (0..<200).map { (Key("\($0)"), $0) }, by: "author")
      try fleet.fill(lesser, with: (0..<held).map { (Key("their \($0)"), $0) }, by: "another")
      try fleet.run(for: .seconds(1))
      for pod in lesser { #expect(pod.replica.snapshot().count == held) }
      let joiner = try fleet.start("joiner", codec: BigEndianCodec())
      for _ in 0..<2_500 where !joiner.replica.isCaughtUp { try fleet.run(for: .milliseconds(2)) }
      let isCaughtUp = joiner.replica.isCaughtUp
      #expect(isCaughtUp, "seed \(seed)")
      #expect(joiner.replica.snapshot().count == 200 + held, "seed \(seed)")
    }
  }

  @Test(
    "T2: what a pod hears before it is there itself does not make it join: it would hear one, and not the others"
  )
  func heardBeforeConnected() {
    let wall = Timestamp(nanoseconds: 1_800_000_000_000_000_000)
    var outbox = Outbox<Int>()
    var replica = Replica(
      identity: PodIdentity(nodeID: "joiner", incarnation: 1_000), options: .forSimulation,
      storage: SimulatedStorage<Int>(.table), now: wall, seed: 1)
    let heartbeat = SyncMessage(
      sender: PodIdentity(nodeID: "other", incarnation: 7),
      .heartbeat(
        .init(
          counter: 1, root: 1, tombstones: 0, contextHash: 1, lastSequence: 1, isSettled: true,
          isCaughtUp: true, wantsReply: true)))
    replica.receive(heartbeat, wall: wall, outbox: &outbox)
    #expect(outbox.isEmpty)
    replica.connected(outbox: &outbox)
    replica.receive(heartbeat, wall: wall, outbox: &outbox)
    #expect(outbox.actions.contains { if case .requestState = $0 { true } else { false } })
  }
}

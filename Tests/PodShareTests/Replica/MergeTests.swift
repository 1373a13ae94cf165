import NIOCore
import PodShareTestKit
import Testing

@testable import PodShare

@Suite("P6: joins", .timeLimit(.minutes(1)))
struct MergeTests {
  typealias Members = Set<String>

  static let union: @Sendable (inout StoreConfiguration<Members>) -> Void = {
    $0.merge = Merge { $0.union($1) }
  }

  @Test("T13: 2,000 keys each written once by both pods become equal, at the same time")
  func concurrently() async throws {
    let (a, b) = try await MemoryNetwork().pods(configure: Self.union)
    await withThrowingTaskGroup(of: Void.self) { group in
      for pod in [a, b] {
        group.addTask {
          for key in 0..<2_000 { try pod.store.set("\(key)", to: [pod.store.nodeID]) }
        }
      }
    }
    try await a.store.flush()
    try await b.store.flush()
    #expect(a.store.count == 2_000)
    #expect(a.store.snapshot().allSatisfy { $0.value == ["a", "b"] })
    #expect(a.store.contents == b.store.contents)
  }

  @Test("T13: 2,000 keys each written once by both while apart become equal when they meet")
  func apart() async throws {
    let (a, b) = try await MemoryNetwork().pods(configure: Self.union)
    a.transport.disconnect()
    for pod in [a, b] {
      for key in 0..<2_000 { try pod.store.set("\(key)", to: [pod.store.nodeID]) }
    }
    a.transport.connect()
    await eventually("both hold both") { a.store.contents == b.store.contents }
    #expect(a.store.snapshot().allSatisfy { $0.value == ["a", "b"] })
    #expect(a.store.count == 2_000)
  }

  @Test("T13: state is merged, not put in place of what is there")
  func stateTransfer() async throws {
    let network = MemoryNetwork()
    let a = try await network.pod("a", isFirst: true, configure: Self.union)
    try a.store.set("k", to: ["from a"])
    var configuration = StoreConfiguration<Members>()
    Self.union(&configuration)
    let b = try Store("topic", over: MemoryTransport(), configuration: configuration)
    try b.set("k", to: ["from b"])
    // The same entry through a joiner that wrote before it joined.
    let transport = MemoryTransport(on: network)
    let c = try Store("topic", over: transport, configuration: configuration)
    transport.disconnect()
    try c.set("k", to: ["from c"])
    transport.connect()
    let running = Task { try await c.run() }
    await eventually("c has caught up") { c.isCaughtUp }
    #expect(c["k"] == ["from a", "from c"])
    await eventually("a has c's") { a.store["k"] == ["from a", "from c"] }
    running.cancel()
    try await running.value
    try await b.close()
  }

  @Test(
    "P6: a delete ends an epoch: what was written before does not come back, what comes after is joined anew")
  func epochs() async throws {
    let network = MemoryNetwork()
    let (a, b) = try await network.pods(configure: Self.union)
    let tap = try await Tap(on: network)
    try a.store.set("k", to: ["old"])
    try b.store.delete("k")
    #expect(a.store["k"] == nil)
    try a.store.set("k", to: ["new"])
    try b.store.set("k", to: ["newer"])
    #expect(a.store["k"] == ["new", "newer"])
    for message in tap.all { RawPod(on: network).send(message) }
    #expect(a.store["k"] == ["new", "newer"] && b.store["k"] == ["new", "newer"])
  }

  @Test("P6: any order of arrival ends in the same", arguments: 0..<60 as Range<UInt64>)
  func anyOrder(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    // A few pods write and delete, each having heard some of what came before.
    let writers = (0..<3).map { SimpleReplica(nodeID: "w\($0)") }
    var all: [[Write<Members>]] = []
    for step in 0..<12 {
      let index = Int.random(in: 0..<writers.count, using: &generator)
      let isDelete = Int.random(in: 0..<4, using: &generator) == 0
      let wall = Timestamp(nanoseconds: Int64.random(in: 1_000..<2_000, using: &generator))
      let sent = try writers[index].write(isDelete ? nil : ["\(step)"], wall: wall)
      all.append(sent)
      for other in writers.indices where other != index && Bool.random(using: &generator) {
        writers[other].receive(sent)
      }
    }
    var outcome: StoredEntry<Members>?
    for _ in 0..<10 {
      let reader = SimpleReplica(nodeID: "reader")
      for writes in all.shuffled(using: &generator) {
        reader.receive(writes)
        if Bool.random(using: &generator) { reader.receive(writes) }
      }
      let entry = reader.entry
      if let outcome {
        #expect(entry?.value == outcome.value, "seed \(seed)")
        #expect(entry?.version == outcome.version, "seed \(seed)")
        #expect(entry?.epoch == outcome.epoch, "seed \(seed)")
      }
      outcome = entry
    }
    // Those who wrote end there too.
    for index in writers.indices {
      for writes in all.shuffled(using: &generator) { writers[index].receive(writes) }
      #expect(writers[index].entry?.value == outcome?.value, "seed \(seed)")
      #expect(writers[index].entry?.version == outcome?.version, "seed \(seed)")
    }
  }

  @Test("A join that changes nothing is no event; one that changes the version only neither")
  func events() async throws {
    let (a, b) = try await MemoryNetwork().pods(configure: Self.union)
    let watch = b.store.watch()
    try a.store.set("k", to: ["x"])
    let second = try a.store.set("k", to: ["x"])
    #expect(b.store.version(of: "k") == second)
    try a.store.set("k", to: ["y"])
    try await a.store.flush()
    try await b.store.flush()
    try await b.store.close()
    var values: [Members?] = []
    for try await event in watch { values.append(event.change.value) }
    #expect(values == [["x"], ["x", "y"]])
  }

  @Test("Values that do not decode stand beside the join and are forwarded, up to 64 of a key")
  func opaque() async throws {
    let network = MemoryNetwork()
    let a = try await network.pod("a", isFirst: true, configure: Self.union)
    var raw = RawPod(on: network)
    try a.store.set("k", to: ["x"])
    for number in 0..<100 { raw.send(raw.set("k", to: "{\"v2\":\(number)}", at: .now())) }
    #expect(a.store["k"] == ["x"])
    try a.store.set("k", to: ["y"])
    #expect(a.store["k"] == ["x", "y"])
    #expect(a.store.statistics.opaqueEntries == 1)
    guard case .opaque(let writes, _) = a.store.core.table.entry(forKey: Key("k"))?.content else {
      Issue.record("not opaque")
      return
    }
    #expect(writes.count == 64)
    let b = try await network.pod("b", configure: Self.union)
    #expect(b.store["k"] == ["x", "y"])
    guard case .opaque(let forwarded, _) = b.store.core.table.entry(forKey: Key("k"))?.content else {
      Issue.record("not opaque")
      return
    }
    #expect(forwarded == writes)
    try a.store.delete("k")
    #expect(b.store.statistics.opaqueEntries == 0)
  }
}

/// A replica of one key, over a plain dictionary.
private final class SimpleReplica {
  private var replica: Replica<DictionaryStorage<MergeTests.Members>>
  private let key = Key("k")

  init(nodeID: String) {
    let options = ReplicaOptions<MergeTests.Members>(
      merge: Merge { $0.union($1) }, tombstoneTTL: .seconds(1_000), maxClockSkew: .zero)
    replica = Replica(
      identity: PodIdentity(nodeID: nodeID, incarnation: 7), options: options, storage: DictionaryStorage(),
      now: .earliest, seed: 1)
  }

  var entry: StoredEntry<MergeTests.Members>? { replica.entry(forKey: key) }

  func write(_ value: MergeTests.Members?, wall: Timestamp) throws -> [Write<MergeTests.Members>] {
    var encoder = WriteEncoder(author: replica.identity)
    if let value {
      try encoder.set(key) { try JSONCodec().encode(value, into: &$0) }
    } else {
      encoder.delete(key)
    }
    var outbox = Outbox<MergeTests.Members>()
    let change = LocalChange<MergeTests.Members>(key: key, action: value.map { .set($0) } ?? .delete)
    _ = try replica.write(change, encoder: encoder, wall: wall, outbox: &outbox)
    for action in outbox.actions {
      guard case .publish(let message) = action,
        case .write(let write) = try WireDecoder.decode(message)
      else { continue }
      return write.entries.map { $0.decoded { try JSONCodec<MergeTests.Members>().decode($1) }.0 }
    }
    return []
  }

  func receive(_ writes: [Write<MergeTests.Members>]) {
    guard let first = writes.first else { return }
    var outbox = Outbox<MergeTests.Members>()
    replica.receive(
      writes, from: first.version.author, stampedAt: first.version.timestamp, wall: .latest, outbox: &outbox)
  }
}

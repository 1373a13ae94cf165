import PodShare
import PodShareTestKit
import Testing

@Suite("Merge functions that are no joins", .timeLimit(.minutes(1)))
struct UnjoinableTests {
  private func fleet(_ join: @escaping @Sendable (Int, Int) -> Int) throws -> SimulatedFleet<Int> {
    let fleet = try SimulatedFleet.calm(
      of: ["a", "b"], seed: 3,
      options: ReplicaOptions(merge: Merge(join), tombstoneTTL: .seconds(3_600), maxClockSkew: .seconds(60)))
    let (a, b) = (fleet.pods[0], fleet.pods[1])
    fleet.reaches = { $0 === $1 }
    _ = try fleet.write([LocalChange(key: Key("k"), action: .set(1))], on: a)
    _ = try fleet.write([LocalChange(key: Key("l"), action: .set(1))], on: a)
    _ = try fleet.write([LocalChange(key: Key("k"), action: .set(2))], on: b)
    fleet.reaches = { _, _ in true }
    try fleet.run(for: .seconds(10))
    return fleet
  }

  @Test(
    "A function that keeps what was first is reported, by the key's name, and the key left: it does not go to and fro"
  )
  func first() throws {
    let fleet = try fleet { old, _ in old }
    let reports = fleet.pods.flatMap(\.reports).filter { $0.code == .mergeNotAJoin }
    #expect(!reports.isEmpty)
    #expect(reports.allSatisfy { $0.key == "k" })
    #expect(fleet.pods.map { $0.replica.entry(forKey: Key("k"))?.value } == [1, 2])
    let before = fleet.traffic.bytes
    try fleet.run(for: .seconds(20))
    // Heartbeats go on, and little else.
    #expect(fleet.traffic.bytes - before < 20 * 2 * 2 * 200, "\(fleet.traffic.bytes - before)")
    // What is about other keys is as ever.
    #expect(fleet.pods.map { $0.replica.entry(forKey: Key("l"))?.value } == [1, 1])
  }

  @Test("A sum is reported when two values meet, though the replicas happen to become equal")
  func sum() throws {
    let fleet = try fleet { $0 + $1 }
    let reports = fleet.pods.flatMap(\.reports).filter { $0.code == .mergeNotAJoin }
    #expect(reports.first?.key == "k")
  }

  @Test("A key that was left is taken up again when it is written")
  func writtenAgain() throws {
    let fleet = try fleet { old, _ in old }
    _ = try fleet.write([LocalChange(key: Key("k"), action: .delete)], on: fleet.pods[0])
    try fleet.run(for: .seconds(3))
    #expect(fleet.pods.map { $0.replica.entry(forKey: Key("k"))?.value } == [nil, nil])
    _ = try fleet.write([LocalChange(key: Key("k"), action: .set(7))], on: fleet.pods[1])
    try fleet.run(for: .seconds(3))
    #expect(fleet.pods.map { $0.replica.entry(forKey: Key("k"))?.value } == [7, 7])
  }

  @Test("Where one pod joins values and the other does not, it is said that they stay different")
  func onlyOneMerges() async throws {
    let network = MemoryNetwork()
    let a: Pod<Set<Int>> = try await network.pod("a", isFirst: true) {
      $0.merge = Merge { $0.union($1) }
      $0.syncInterval = .milliseconds(50)
    }
    let b: Pod<Set<Int>> = try await network.pod("b") { $0.syncInterval = .milliseconds(50) }
    b.transport.disconnect()
    try a.store.set("k", to: [1])
    try b.store.set("k", to: [2])
    b.transport.connect()
    await eventually("one of them says so") {
      (a.errors.all + b.errors.all).contains { $0.code == .stillDifferent && $0.key == "k" }
    }
  }

  @Test(
    "A join is not reported either where writes of one key come for longer than an entry goes to and fro",
    arguments: [2, 7, 24, 31])
  func slowWrites(seed: UInt64) throws {
    let fleet = try SimulatedFleet.calm(
      of: ["a", "b"], seed: seed,
      options: ReplicaOptions(merge: Merge(|), tombstoneTTL: .seconds(3_600), maxClockSkew: .seconds(60)))
    fleet.conditions.delay = 0.000_1...0.5
    fleet.conditions.syncInterval = .milliseconds(100)
    for number in 0..<600 {
      for pod in fleet.pods {
        _ = try fleet.write([LocalChange(key: Key("k"), action: .set(1 << (number / 10)))], on: pod)
        try fleet.run(for: .milliseconds(10))
      }
    }
    try fleet.run(for: .seconds(60))
    #expect(fleet.pods.map(\.reports.count) == [0, 0], "seed \(seed): \(fleet.pods.flatMap(\.reports))")
    #expect(fleet.pods.map { $0.replica.entry(forKey: Key("k"))?.value } == [1 << 60 - 1, 1 << 60 - 1])
  }

  @Test("Where both join values, but in different ways, it is said that they stay different")
  func differentJoins() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true) {
      $0.merge = Merge { max($0, $1) }
      $0.syncInterval = .milliseconds(50)
    }
    let b: Pod<Int> = try await network.pod("b") {
      $0.merge = Merge { min($0, $1) }
      $0.syncInterval = .milliseconds(50)
    }
    b.transport.disconnect()
    try a.store.set("k", to: 2)
    try b.store.set("k", to: 1)
    b.transport.connect()
    await eventually("one of them says so") {
      (a.errors.all + b.errors.all).contains { $0.code == .stillDifferent && $0.key == "k" }
    }
    #expect((a.errors.all + b.errors.all).allSatisfy { $0.code != .mergeNotAJoin })
  }

  @Test("A join is never reported")
  func maximum() throws {
    let fleet = try fleet { max($0, $1) }
    #expect(fleet.pods.map(\.reports.count) == [0, 0])
    #expect(fleet.pods.map { $0.replica.entry(forKey: Key("k"))?.value } == [2, 2])
  }
}

import NIOCore
import PodShare
import PodShareTestKit
import Testing

@Suite("P3: no resurrection", .timeLimit(.minutes(1)))
struct ResurrectionTests {
  private static let timeToLive = Duration.seconds(3_600)

  private func configure(_ clock: TestClock) -> (inout StoreConfiguration<Int>) -> Void {
    { configuration in
      configuration.time = clock.time
      configuration.tombstoneTTL = Self.timeToLive
      configuration.gcInterval = .seconds(1)
    }
  }

  /// Lets time pass, and waits until the pods have looked through their tombstones.
  private func pass(_ duration: Duration, on clock: TestClock, pods: Int) async throws {
    try await clock.waitForSleepers(pods)
    clock.advance(by: duration)
    try await clock.waitForSleepers(pods)
  }

  @Test("T10: a write that was seen does not come back after its tombstone was collected")
  func seenWriteAgain() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let (a, b) = try await network.pods(configure: configure(clock))
    let tap = try await Tap(on: network)
    try a.store.set("k", to: 1)
    try b.store.set("k", to: 2)
    try a.store.delete("k")
    let messages = tap.all
    #expect(messages.count == 3)
    try await pass(Self.timeToLive * 1.1, on: clock, pods: 2)
    #expect(a.store.statistics.tombstones == 0 && b.store.statistics.tombstones == 0)
    #expect(a.store.statistics.tombstonesCollected == 1)

    for message in messages.dropLast() { RawPod(on: network).send(message) }
    #expect(a.store["k"] == nil && b.store["k"] == nil)
    #expect(a.store.statistics.tombstones == 0)
  }

  @Test("P3: a write that nobody had seen is kept however late it comes, and reported")
  func unseenLateWrite() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let a = try await network.pod("a", isFirst: true, configure: configure(clock))
    var raw = RawPod(on: network)
    let late = raw.set("k", to: "1", at: clock.now)
    let inTime = raw.set("l", to: "1", at: clock.now.advanced(by: Self.timeToLive))
    try a.store.delete("k")
    try await pass(Self.timeToLive * 1.1, on: clock, pods: 1)
    #expect(a.store.statistics.tombstones == 0)

    raw.send(inTime)
    #expect(a.errors.first(.lateWrite) == nil)
    raw.send(late)
    #expect(a.store["k"] == 1)
    let report = try #require(a.errors.first(.lateWrite))
    #expect(report.key == "k" && report.peer == "raw")
  }

  @Test("T10: nor does it come back through the state of a pod that was away")
  func stalePod() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let (a, b) = try await network.pods(configure: configure(clock))
    let stale = try await network.pod("stale", configure: configure(clock))
    try a.store.set("k", to: 1)
    #expect(stale.store["k"] == 1)
    stale.transport.disconnect()
    try b.store.delete("k")
    try await pass(Self.timeToLive * 1.1, on: clock, pods: 3)
    #expect(a.store.statistics.tombstones == 0)
    #expect(stale.store["k"] == 1)

    stale.transport.connect()
    await eventually("it is told that the key was deleted") { stale.store["k"] == nil }
    #expect(a.store["k"] == nil && b.store["k"] == nil)
    #expect(stale.store.statistics.tombstones == 0)
  }

  @Test("P3: within its time a tombstone holds against every late write that is older, seen or not")
  func lateWrite() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let (a, b) = try await network.pods(configure: configure(clock))
    var raw = RawPod(on: network)
    let late = raw.set("k", to: "1", at: clock.now.advanced(by: .seconds(-1)))
    try a.store.delete("k")
    try await pass(Self.timeToLive * 0.9, on: clock, pods: 2)
    raw.send(late)
    #expect(a.store["k"] == nil && b.store["k"] == nil)
    // One that was made after the delete is no resurrection.
    raw.send(raw.set("k", to: "2", at: clock.now))
    #expect(a.store["k"] == 2 && b.store["k"] == 2)
  }

  @Test("P3: after its time, a write that nobody had seen is kept")
  func unseenWrite() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let (a, b) = try await network.pods(configure: configure(clock))
    var raw = RawPod(on: network)
    let unseen = raw.set("k", to: "1", at: clock.now.advanced(by: .seconds(-1)))
    try a.store.delete("k")
    try await pass(Self.timeToLive * 1.1, on: clock, pods: 2)
    raw.send(unseen)
    #expect(a.store["k"] == 1 && b.store["k"] == 1)
  }

  @Test("P3: a joiner learns of deletes and of what was seen")
  func joiner() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let (a, b) = try await network.pods(configure: configure(clock))
    let tap = try await Tap(on: network)
    try a.store.set("collected", to: 1)
    try a.store.delete("collected")
    let old = tap.all
    try await pass(Self.timeToLive * 1.1, on: clock, pods: 2)
    try a.store.set("young", to: 1)
    let young = tap.all[2]
    try a.store.delete("young")
    let c = try await network.pod("c", configure: configure(clock))
    #expect(c.store.statistics.tombstones == 1)
    RawPod(on: network).send(old[0])
    RawPod(on: network).send(young)
    #expect(c.store.keys == [] && b.store.keys == [])
  }

  @Test("A tombstone's age counts from the delete, by the deleter's clock, not from the version")
  func ageOfRaisedDelete() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let (a, b) = try await network.pods(configure: configure(clock))
    var raw = RawPod(on: network)
    raw.send(raw.set("k", to: "1", at: clock.now.advanced(by: Self.timeToLive * 5)))
    try a.store.delete("k")
    #expect(b.store.statistics.tombstones == 1)
    try await pass(Self.timeToLive * 1.1, on: clock, pods: 2)
    #expect(a.store.statistics.tombstones == 0 && b.store.statistics.tombstones == 0)
  }

  @Test("A tombstone from a clock that is ahead is no older than the moment it came")
  func deleterAhead() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let a = try await network.pod("a", isFirst: true, configure: configure(clock))
    var raw = RawPod(on: network)
    raw.send(raw.delete("k", at: clock.now.advanced(by: Self.timeToLive * 100)))
    #expect(a.store.statistics.tombstones == 1)
    try await pass(Self.timeToLive * 1.1, on: clock, pods: 1)
    #expect(a.store.statistics.tombstones == 0)
  }

  @Test("A key that was written again keeps its value when its old tombstone's time comes")
  func writtenAgain() async throws {
    let clock = TestClock()
    let a = try await MemoryNetwork().pod("a", isFirst: true, configure: configure(clock))
    try a.store.delete("k")
    try a.store.set("k", to: 2)
    try a.store.set("young", to: 1)
    try await pass(Self.timeToLive * 0.5, on: clock, pods: 1)
    try a.store.delete("young")
    try await pass(Self.timeToLive * 0.6, on: clock, pods: 1)
    #expect(a.store["k"] == 2)
    #expect(a.store.statistics.tombstones == 1)
    #expect(a.store.statistics.tombstonesCollected == 0)
  }

  @Test("More tombstones than are collected at a time all go")
  func many() async throws {
    let clock = TestClock()
    let a = try await MemoryNetwork().pod("a", isFirst: true, configure: configure(clock))
    try a.store.deleteMany((0..<2_500).map { "\($0)" })
    #expect(a.store.statistics.tombstones == 2_500)
    try await pass(Self.timeToLive * 1.1, on: clock, pods: 1)
    #expect(a.store.statistics.tombstones == 0)
    #expect(a.store.statistics.tombstonesCollected == 2_500)
  }
}

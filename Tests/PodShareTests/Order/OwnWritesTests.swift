import PodShare
import PodShareTestKit
import Testing

@Suite("P2: read your writes", .timeLimit(.minutes(1)))
struct OwnWritesTests {
  @Test("T11: a set behind the stored timestamp still wins, here and on the other pods")
  func setBehind() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let (a, b) = try await network.pods(of: Int.self) {
      $0.time = clock.time
      // So that the clock does not follow, and the write itself must see to it.
      $0.maxClockSkew = .seconds(1)
    }
    var raw = RawPod(on: network)
    raw.send(raw.set("k", to: "1", at: clock.now.advanced(by: .seconds(30))))
    #expect(a.store["k"] == 1)

    let version = try a.store.set("k", to: 2)
    #expect(a.store["k"] == 2)
    #expect(version.timestamp > clock.now.advanced(by: .seconds(30)))
    #expect(a.store.version(of: "k") == version)
    #expect(b.store["k"] == 2)
    #expect(b.store.version(of: "k") == version)
  }

  @Test("T11: a delete behind the stored timestamp still deletes")
  func deleteBehind() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let (a, b) = try await network.pods(of: Int.self) {
      $0.time = clock.time
      // So that the clock does not follow, and the write itself must see to it.
      $0.maxClockSkew = .seconds(1)
    }
    var raw = RawPod(on: network)
    raw.send(raw.set("k", to: "1", at: clock.now.advanced(by: .seconds(30))))
    try a.store.delete("k")
    #expect(a.store["k"] == nil)
    #expect(a.store.keys == [])
    #expect(b.store["k"] == nil)
  }

  @Test("T11: a trySet behind the stored timestamp writes when it says so")
  func trySetBehind() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let (a, b) = try await network.pods(of: Int.self) {
      $0.time = clock.time
      // So that the clock does not follow, and the write itself must see to it.
      $0.maxClockSkew = .seconds(1)
    }
    var raw = RawPod(on: network)
    raw.send(raw.set("k", to: "1", at: clock.now.advanced(by: .seconds(30))))
    let seen = a.store.version(of: "k")
    #expect(try a.store.trySet("k", to: 2, ifVersion: nil) == nil)
    #expect(a.store["k"] == 1)
    let version = try a.store.trySet("k", to: 3, ifVersion: seen)
    #expect(version != nil)
    #expect(a.store["k"] == 3)
    #expect(b.store["k"] == 3)
    #expect(b.store.version(of: "k") == version)
    // A batch whose keys are behind in part.
    try a.store.setMany(["k": 4, "other": 4])
    #expect(b.store.snapshot().dictionary == ["k": 4, "other": 4])
  }

  @Test("T12: a stamp 50 years ahead is applied and reported, and neither pins the key nor drags the clocks")
  func farFuture() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let (a, b) = try await network.pods(of: Int.self) { $0.time = clock.time }
    var raw = RawPod(on: network)
    let future = clock.now.advanced(by: .seconds(50 * 365 * 24 * 60 * 60))
    raw.send(raw.set("k", to: "1", at: future))
    #expect(a.store["k"] == 1)
    #expect(a.errors.first(.clockSkew)?.peer == "raw")

    let version = try a.store.set("k", to: 2)
    #expect(a.store["k"] == 2)
    #expect(b.store["k"] == 2)
    #expect(version.timestamp == future.advanced(by: .nanoseconds(1)))
    try b.store.set("k", to: 3)
    #expect(a.store["k"] == 3)
    // Other keys go on being stamped by the wall clock, here and there.
    #expect(try a.store.set("other", to: 1).timestamp < clock.now.advanced(by: .seconds(1)))
    #expect(try b.store.set("other", to: 2).timestamp < clock.now.advanced(by: .seconds(1)))
    // It was the raw pod's clock that was wrong; a's raised stamp is no fault of a's.
    #expect(b.errors.all.allSatisfy { $0.peer == "raw" })
    try a.store.delete("k")
    #expect(b.store["k"] == nil)
  }

  @Test("T12: a stamp of the year 2200 or later, or before 1970, is refused")
  func outOfRange() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    var raw = RawPod(on: network)
    raw.send(raw.set("k", to: "1", at: Timestamp(nanoseconds: Timestamp.latest.nanoseconds + 1)))
    raw.send(raw.set("k", to: "1", at: Timestamp(nanoseconds: -1)))
    #expect(a.store["k"] == nil)
    #expect(a.store.statistics.invalidMessages == 2)
    #expect(a.errors.codes == [.invalidMessage, .invalidMessage])
    try a.store.set("k", to: 2)
    #expect(a.store["k"] == 2)
  }

  @Test("T12: the last nanosecond of 2199 leaves no room for another write, and the write says so")
  func lastStamp() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    var raw = RawPod(on: network)
    raw.send(raw.set("k", to: "1", at: .latest))
    #expect(StoreError.code { try a.store.set("k", to: 2) } == .timestampOutOfRange)
    #expect(StoreError.code { try a.store.setMany(["other": 1, "k": 2]) } == .timestampOutOfRange)
    #expect(a.store.snapshot().dictionary == ["k": 1])
    try a.store.set("other", to: 3)
    #expect(a.store["other"] == 3)
  }

  @Test("P2: a wall clock that jumps back does not lose a write")
  func wallJumpsBack() async throws {
    let clock = TestClock()
    let (a, b) = try await MemoryNetwork().pods(of: Int.self) { $0.time = clock.time }
    for value in 0..<20 {
      try a.store.set("k", to: value)
      clock.jump(by: .seconds(-10))
      #expect(a.store["k"] == value)
      #expect(b.store["k"] == value)
    }
    clock.set(to: Timestamp(nanoseconds: -1))
    try b.store.set("k", to: 20)
    try b.store.set("new", to: 20)
    #expect(a.store.snapshot().dictionary == ["k": 20, "new": 20])
  }

  @Test("P2: a wall clock far behind the other pods' still wins over what it has seen")
  func wallBehind() async throws {
    let behind = TestClock(now: .earliest)
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    try a.store.set("k", to: 1)
    let b: Pod<Int> = try await network.pod("b") { $0.time = behind.time }
    #expect(b.store["k"] == 1)
    try b.store.set("k", to: 2)
    #expect(a.store["k"] == 2 && b.store["k"] == 2)
  }

  @Test("P2: a burst within one nanosecond leaves the last value everywhere")
  func burst() async throws {
    let clock = TestClock()
    let (a, b) = try await MemoryNetwork().pods(of: Int.self) { $0.time = clock.time }
    var last: Version?
    for value in 0..<1_000 {
      let version = try a.store.set("k", to: value)
      if let last { #expect(version > last) }
      last = version
    }
    #expect(a.store["k"] == 999 && b.store["k"] == 999)
    #expect(b.store.version(of: "k") == last)
  }

  @Test("P2: in merge mode a read after the write sees the join")
  func merge() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let (a, b) = try await network.pods(of: Set<Int>.self) {
      $0.time = clock.time
      $0.merge = Merge { $0.union($1) }
    }
    var raw = RawPod(on: network)
    raw.send(raw.set("k", to: "[1]", at: clock.now.advanced(by: .seconds(30))))
    try a.store.set("k", to: [2])
    #expect(a.store["k"] == [1, 2])
    #expect(b.store["k"] == [1, 2])
    try a.store.write { batch in
      batch.set("k", to: [3])
      batch.set("k", to: [4])
    }
    #expect(b.store["k"] == [1, 2, 3, 4])
  }
}

import NIOConcurrencyHelpers
import NIOCore
import PodShare
import PodShareP2P
import Testing

@Suite("What is written arrives, whatever becomes of the links", .timeLimit(.minutes(3)))
struct ConvergenceTrapTests {
  @Test("T1: writes made while a link is down are on both sides within two sync intervals after it is back")
  func writesWhileDown() async throws {
    let a = try await TestPod.start("a")
    let proxy = try await Proxy(to: try a.address)
    let b = try await TestPod.start("b", peers: [proxy.address])
    let storeA = try await a.join("flags", of: Int.self)
    let storeB = try await b.join("flags", of: Int.self)
    try storeA.set("before", to: 0)
    await eventually("b has what was written before") { storeB["before"] == 0 }

    for (round, mode) in [Proxy.Mode.closed, .silent, .closed].enumerated() {
      proxy.set(mode)
      await a.waitForLinks([])
      await b.waitForLinks([])
      try storeA.set("a\(round)", to: round)
      try storeB.set("b\(round)", to: round)
      try storeA.delete("before")
      proxy.set(.open)
      await a.waitForLinks(["b"])
      let clock = ContinuousClock()
      let linked = clock.now
      await eventually("both have both") {
        storeA["b\(round)"] == round && storeB["a\(round)"] == round && storeB["before"] == nil
      }
      #expect(
        clock.now - linked < .milliseconds(400 + 200), "two sync intervals, and a little for a loaded machine"
      )
    }
    for store in [storeA, storeB] { try await store.close() }
    for pod in [a, b] { try await pod.close() }
    try await proxy.close()
  }

  @Test(
    "T2: a joiner with a full peer, one that holds nothing or a part, and its own address, gets everything, twenty times of twenty",
    arguments: [0, 82])
  func lesserPeerAnswersFirst(held: Int) async throws {
    let full = try await TestPod.start("full")
    let fullStore = try await full.join("t2", of: Int.self) { $0.joinTimeout = .milliseconds(50) }
    try fullStore.setMany((0..<500).map { ("key\($0)", $0) })
    for round in 0..<20 {
      // Nobody but the joiner tells it of the full one.
      let lesser = try await TestPod.start("lesser\(round)")
      let lesserStore = try await lesser.join("t2", of: Int.self) { $0.joinTimeout = .milliseconds(50) }
      try lesserStore.setMany((0..<held).map { ("key\(round) \($0)", $0) })
      let joiner = try await TestPod.start("joiner\(round)", peers: [try lesser.address, try full.address])
      joiner.transport.addPeer(try joiner.address)
      let store = try await joiner.join("t2", of: Int.self)
      #expect(store.isCaughtUp, "round \(round)")
      let keys = Set(store.keys)
      #expect(
        keys.count { $0.hasPrefix("key\(round) ") } == held && keys.isSuperset(of: fullStore.keys),
        "round \(round): \(keys.count) of \(store.statistics), \(store.members); full \(fullStore.statistics); lesser \(lesserStore.statistics)"
      )
      for store in [lesserStore, store] { try await store.close() }
      for pod in [joiner, lesser] { try await pod.close() }
    }
    #expect(fullStore.count >= 500)
    try await fullStore.close()
    try await full.close()
  }

  @Test("T3: a pod that only received serves what it has when the author is gone")
  func receiverServes() async throws {
    let a = try await TestPod.start("a")
    let b = try await TestPod.start("b", peers: [try a.address])
    let storeA = try await a.join("t3", of: Int.self)
    let storeB = try await b.join("t3", of: Int.self)
    for number in 0..<100 { try storeA.set("key\(number)", to: number) }
    try await storeA.close()
    try await a.close()
    let c = try await TestPod.start("c", peers: [try b.address])
    let storeC = try await c.join("t3", of: Int.self)
    #expect(storeC.keys.count == 100)
    for store in [storeB, storeC] { try await store.close() }
    for pod in [b, c] { try await pod.close() }
  }

  @Test("T4: joining a busy mesh misses nothing")
  func busyMesh() async throws {
    let a = try await TestPod.start("a")
    let storeA = try await a.join("t4", of: Int.self) { $0.joinTimeout = .milliseconds(50) }
    try storeA.setMany((0..<3_000).map { ("old\($0)", $0) })
    let writer = Task {
      var count = 0
      while !Task.isCancelled {
        try storeA.set("new\(count % 500)", to: count)
        count += 1
        if count % 2 == 0 { try await Task.sleep(for: .milliseconds(1)) }
      }
    }
    for round in 0..<5 {
      let joiner = try await TestPod.start("joiner\(round)", peers: [try a.address])
      let store = try await joiner.join("t4", of: Int.self) { $0.joinTimeout = .seconds(10) }
      #expect(store.isCaughtUp)
      #expect(store.keys.count { $0.hasPrefix("old") } == 3_000, "round \(round)")
      try await store.close()
      try await joiner.close()
    }
    writer.cancel()
    _ = try? await writer.value
    try await storeA.close()
    try await a.close()
  }

  @Test("T5: a state of more than 64 MiB arrives, and the link holds")
  func largeState() async throws {
    let a = try await TestPod.start("a")
    let storeA = try await a.join("t5", of: String.self) { $0.joinTimeout = .milliseconds(50) }
    let megabyte = String(repeating: "x", count: 1_024 * 1_024)
    for number in 0..<70 { try storeA.set("key\(number)", to: megabyte) }
    let b = try await TestPod.start("b", peers: [try a.address])
    let storeB = try await b.join("t5", of: String.self) { $0.joinTimeout = .seconds(10) }
    #expect(storeB.isCaughtUp)
    #expect(storeB.keys.count == 70)
    #expect(storeB["key69"]?.utf8.count == 1_024 * 1_024)
    #expect(b.comings.withLockedValue { $0 } == ["+a"])
    for store in [storeA, storeB] { try await store.close() }
    for pod in [a, b] { try await pod.close() }
  }

  @Test("T30: a pod that joins right after a write has that write, twenty times of twenty")
  func joinsRightAfterAWrite() async throws {
    let a = try await TestPod.start("a")
    let storeA = try await a.join("t30", of: Int.self) { $0.joinTimeout = .milliseconds(50) }
    let clock = ContinuousClock()
    var fastest = Duration.seconds(1)
    for round in 0..<20 {
      try storeA.set("key", to: round)
      let joiner = try await TestPod.start("joiner\(round)", peers: [try a.address])
      let begin = clock.now
      let store = try await joiner.join("t30", of: Int.self)
      // Not the first, which did not come just after another had gone, and left nobody.
      if round > 0 { fastest = min(fastest, clock.now - begin) }
      #expect(store["key"] == round)
      try await store.close()
      try await joiner.close()
    }
    #expect(fastest < .milliseconds(100), "it was heard at once")
    try await storeA.close()
    try await a.close()
  }
}

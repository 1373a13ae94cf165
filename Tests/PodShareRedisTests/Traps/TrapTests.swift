import Foundation
import NIOConcurrencyHelpers
import NIOCore
import PodShare
import PodShareRedis
import Testing

@Suite("What went wrong in the Go library does not over Redis", .needsRedis, .timeLimit(.minutes(3)))
struct TrapTests {
  @Test(
    "T1: writes made while the connection is down are on both sides within two sync intervals after it is back"
  )
  func writesWhileDown() async throws {
    let server = try await RedisServer()
    let (podA, podB) = (try RedisPod("a", server), try RedisPod("b", server))
    let a = try await podA.join("t1", of: Int.self)
    let b = try await podB.join("t1", of: Int.self)
    try a.set("before", to: 0)
    await eventually("b has what was written before") { b["before"] == 0 }
    for round in 0..<3 {
      server.kill()
      await eventually("both notice") { podA.downs > round && podB.downs > round }
      try a.set("a\(round)", to: round)
      try b.set("b\(round)", to: round)
      try a.delete("before")
      try await server.start()
      await eventually("both are back") { podA.ups > round + 1 && podB.ups > round + 1 }
      let clock = ContinuousClock()
      let back = clock.now
      await eventually("both have both") {
        a["b\(round)"] == round && b["a\(round)"] == round && b["before"] == nil
      }
      #expect(
        clock.now - back < .milliseconds(400 + 400), "two sync intervals, and a little for a loaded machine")
    }
    for store in [a, b] { try await store.close() }
    for pod in [podA, podB] { try await pod.close() }
  }

  @Test("T6: a stale pod cannot replace what is kept, neither by writing nor by closing")
  func stalePod() async throws {
    let server = try await RedisServer()
    let podA = try RedisPod("a", server)
    let a = try await podA.join("t6", of: Int.self)
    let cut = try CutOff(server)
    let stale = try RedisPod("stale", server) { $0.addresses = [cut.address] }
    let staleStore = try await stale.join("t6", of: Int.self)
    try a.set("shared", to: 1)
    await eventually("the other has it") { staleStore["shared"] == 1 }
    // The other hears nothing of what follows.
    cut.isCut = true
    await eventually("the other is cut off") { stale.downs > 0 }
    try a.set("shared", to: 2)
    try a.set("new", to: 3)
    try await a.flush()
    #expect(try await server.keptKeys(of: "t6") == ["shared", "new"])
    try staleStore.set("of the stale one", to: 4)
    cut.isCut = false
    await eventually("it is back") { stale.ups > 1 }
    try await staleStore.close()
    try await a.close()
    for pod in [podA, stale] { try await pod.close() }

    let late = try RedisPod("late", server)
    let store = try await late.join("t6", of: Int.self)
    #expect(store.snapshot().dictionary == ["shared": 2, "new": 3, "of the stale one": 4])
    try await store.close()
    try await late.close()
  }

  @Test("T7: what could not be published is published when the server is back, and kept there")
  func failedBroadcast() async throws {
    let server = try await RedisServer()
    let podA = try RedisPod("a", server)
    let a = try await podA.join("t7", of: Int.self)
    server.kill()
    await eventually("it notices") { podA.downs == 1 }
    try a.set("key", to: 1)
    let error = await #expect(throws: StoreError.self) { try await a.flush() }
    #expect(error?.code == .broadcastFailed || error?.code == .transport)
    #expect(a["key"] == 1)
    try await server.start()
    let podB = try RedisPod("b", server)
    let b = try await podB.join("t7", of: Int.self)
    await eventually("the peer has it") { b["key"] == 1 }
    try await a.flush()
    #expect(try await server.keptKeys(of: "t7") == ["key"])
    for store in [a, b] { try await store.close() }
    for pod in [podA, podB] { try await pod.close() }
  }

  @Test("T9: what is kept and makes no sense is reported and replaced, and hinders nobody")
  func garbage() async throws {
    let server = try await RedisServer()
    let podA = try RedisPod("a", server)
    let a = try await podA.join("t9", of: Int.self) { $0.gcInterval = .milliseconds(500) }
    try a.setMany([("good", 1), ("hurt", 2)])
    try await a.flush()
    try await eventually("what is kept was gone through for the first time") {
      try await server.hasContext(of: "t9")
    }
    for (field, content) in [("hurt", "\u{1}garbage"), ("alien", "x"), ("empty", "")] {
      try await server.cli("hset", "podshare:t9:entries", field, content)
    }
    let podB = try RedisPod("b", server)
    let b = try await podB.join("t9", of: Int.self)
    #expect(b.snapshot().dictionary == ["good": 1, "hurt": 2])
    #expect(podB.storeErrors.withLockedValue { $0.contains { $0.code == .invalidSnapshot } })
    // The second time, too.
    try await b.close()
    let again = try await podB.join("t9", of: Int.self)
    #expect(again.keys.count == 2)
    try a.set("hurt", to: 3)
    try await a.flush()
    try await eventually("it is put right") { try await server.keptKeys(of: "t9") == ["good", "hurt"] }
    for store in [a, again] { try await store.close() }
    let podC = try RedisPod("c", server)
    let c = try await podC.join("t9", of: Int.self)
    #expect(c.snapshot().dictionary == ["good": 1, "hurt": 3])
    try await c.close()
    for pod in [podA, podB, podC] { try await pod.close() }
  }

  @Test("T17: closing one store leaves the others of the transport alone, and its topic can be joined again")
  func closingOne() async throws {
    let server = try await RedisServer()
    let (podA, podB) = (try RedisPod("a", server), try RedisPod("b", server))
    let first = try await podA.join("first", of: Int.self)
    let second = try await podA.join("second", of: Int.self)
    let (otherFirst, otherSecond) = (
      try await podB.join("first", of: Int.self), try await podB.join("second", of: Int.self)
    )
    let watch = first.watch(.all)
    for number in 0..<300 { try otherFirst.set("key\(number)", to: number) }
    try await first.close()
    _ = watch
    try otherSecond.set("key", to: 1)
    await eventually("the other topic goes on") { second["key"] == 1 }
    let again = try await podA.join("first", of: Int.self)
    #expect(again.keys.count == 300)
    try otherFirst.set("more", to: 1)
    await eventually("it hears again") { again["more"] == 1 }
    for store in [again, second, otherFirst, otherSecond] { try await store.close() }
    for pod in [podA, podB] { try await pod.close() }
    #expect(try await server.cli("pubsub", "channels").trimmingCharacters(in: .whitespacesAndNewlines) == "")
  }

  @Test("T30: a pod that joins right after a write has it, twenty times of twenty")
  func joinsAfterWrite() async throws {
    let server = try await RedisServer()
    let podA = try RedisPod("a", server)
    let a = try await podA.join("t30", of: Int.self) { $0.snapshotInterval = .seconds(5) }
    for round in 0..<20 {
      try a.set("key\(round)", to: round)
      let joiner = try RedisPod("joiner\(round)", server)
      let store = try await joiner.join("t30", of: Int.self)
      #expect(store["key\(round)"] == round, "round \(round)")
      #expect(store.isCaughtUp)
      try await store.close()
      try await joiner.close()
    }
    try await a.close()
    try await podA.close()
  }
}

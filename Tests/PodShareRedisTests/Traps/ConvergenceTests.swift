import NIOConcurrencyHelpers
import NIOCore
import PodShare
import PodShareRedis
import Testing

@Suite("Pods over Redis", .needsRedis, .timeLimit(.minutes(2)))
struct ConvergenceTests {
  @Test("What one pod writes the others have, and a newcomer has it when all are gone")
  func replicates() async throws {
    let server = try await RedisServer()
    let (podA, podB) = (try RedisPod("a", server), try RedisPod("b", server))
    let a = try await podA.join("flags", of: Int.self)
    let b = try await podB.join("flags", of: Int.self)
    try a.set("x", to: 1)
    try b.set("y", to: 2)
    await eventually("both have both") { a["y"] == 2 && b["x"] == 1 }
    try a.setMany((0..<1_000).map { ("key\($0)", $0) })
    try a.delete("x")
    await eventually("b has the batch") { b["key999"] == 999 && b["x"] == nil }
    try await a.close()
    try await b.close()
    for pod in [podA, podB] { try await pod.close() }

    let podC = try RedisPod("c", server)
    let c = try await podC.join("flags", of: Int.self)
    #expect(c.isCaughtUp)
    #expect(c.keys.count == 1_001)
    #expect(c["key500"] == 500)
    #expect(c["x"] == nil)
    try await c.close()
    try await podC.close()
    #expect(podA.errors.withLockedValue { $0 } == [])
    #expect(podA.storeErrors.withLockedValue { $0 }.isEmpty)
  }
}

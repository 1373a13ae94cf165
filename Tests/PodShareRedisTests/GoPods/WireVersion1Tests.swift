import Foundation
import NIOConcurrencyHelpers
import PodShare
import PodShareRedis
import Testing

@Suite("Among pods of the Go library", .needsRedis, .timeLimit(.minutes(1)))
struct WireVersion1Tests {
  private struct Limit: Codable, Sendable, Equatable {
    var rateLimit: Int
    var name: String

    enum CodingKeys: String, CodingKey {
      case rateLimit = "rate_limit"
      case name
    }
  }

  private static let set =
    #"{"v":1,"kind":"set","key":"checkout","value":"eyJyYXRlX2xpbWl0IjoxMDAsIm5hbWUiOiJjaGVja291dC1yYXRlIn0=","origin":"pod-a","timestamp":"2026-11-22T19:10:58.521349385Z","seq":1}"#
  private static let delete =
    #"{"v":1,"kind":"delete","key":"checkout","origin":"pod-a","timestamp":"2026-11-22T19:10:58.521487863Z","seq":2}"#
  private static let snapshot =
    #"{"v":1,"entries":{"a":{"value":"eyJyYXRlX2xpbWl0IjoxLCJuYW1lIjoieCJ9","timestamp":"2026-11-22T19:10:58.521508832Z","origin":"pod-a","seq":3},"b":{"value":"eyJyYXRlX2xpbWl0IjoyLCJuYW1lIjoieSJ9","timestamp":"2026-11-22T19:10:58.521508832Z","origin":"pod-a","seq":4},"checkout":{"timestamp":"2026-11-22T19:10:58.521487863Z","origin":"pod-a","tombstone":true,"seq":2}}}"#

  private static func join(_ pod: RedisPod) async throws -> Store<Limit> {
    try await pod.join("flags", of: Limit.self) { $0.wireFormat = .v1 }
  }

  @Test("What a Go pod publishes and keeps is read as it was captured")
  func reads() async throws {
    let server = try await RedisServer()
    try await server.cli("set", "podshare:flags:snapshot", Self.snapshot)
    let pod = try RedisPod("b", server)
    let store = try await Self.join(pod)
    #expect(
      store.snapshot().dictionary == [
        "a": Limit(rateLimit: 1, name: "x"), "b": Limit(rateLimit: 2, name: "y"),
      ])
    try await server.cli("publish", "podshare:flags:events", Self.set)
    try await server.cli(
      "publish", "podshare:flags:events", Self.set.replacing("checkout\"", with: "other\""))
    await eventually("a key that was not deleted is there") {
      store["other"] == Limit(rateLimit: 100, name: "checkout-rate")
    }
    #expect(store["checkout"] == nil, "it was deleted after that write")
    try await server.cli(
      "publish", "podshare:flags:events",
      Self.delete.replacing("checkout", with: "a").replacing("58.521487863", with: "59"))
    await eventually("a delete is obeyed") { store["a"] == nil }
    // The captured ones are days old.
    #expect(pod.storeErrors.withLockedValue { $0.allSatisfy { $0.code == .lateWrite } })
    try await store.close()
    try await pod.close()
  }

  @Test("What a pod writes is on the server byte for byte as a Go pod writes it")
  func writes() async throws {
    let server = try await RedisServer()
    let listener = try server.listen(to: "podshare:flags:events")
    try await eventually("it listens") { try listener.text().contains("subscribe") }
    let pod = try RedisPod("pod-b", server)
    let store = try await Self.join(pod)
    let limit = Limit(rateLimit: 100, name: "check<out>")
    try store.set("checkout", to: limit)
    let set = try #require(store.version(of: "checkout"))
    try store.set("gone", to: limit)
    try store.delete("gone")
    try await store.flush()

    let value = Data(#"{"rate_limit":100,"name":"check<out>"}"#.utf8).base64EncodedString()
    let time = set.timestamp.description
    let event =
      #"{"v":1,"kind":"set","key":"checkout","value":"\#(value)","origin":"pod-b","timestamp":"\#(time)","seq":\#(set.sequence)}"#
    try await eventually("the event is heard") { try listener.lines().contains(event) }
    let deletes = try listener.lines().filter {
      $0.hasPrefix(#"{"v":1,"kind":"delete","key":"gone","origin":"pod-b","timestamp":""#)
    }
    #expect(deletes.count == 1)
    #expect(deletes.first?.hasSuffix(#"","seq":\#(set.sequence + 2)}"#) == true)

    let kept = try await server.cli("get", "podshare:flags:snapshot")
    #expect(kept.hasPrefix(#"{"v":1,"entries":{""#))
    #expect(
      kept.contains(
        #""checkout":{"value":"\#(value)","timestamp":"\#(time)","origin":"pod-b","seq":\#(set.sequence)}"#))
    #expect(kept.contains(#""origin":"pod-b","tombstone":true,"seq":\#(set.sequence + 2)}"#))
    #expect(try await server.cli("ttl", "podshare:flags:snapshot") == "-1\n")
    #expect(try await server.cli("keys", "*") == "podshare:flags:snapshot\n")
    try await store.close()
    try await pod.close()
  }

  @Test("T6: a Go pod overwrites what is kept without looking: what it lacks is put back")
  func blindOverwrite() async throws {
    let server = try await RedisServer()
    let (podB, podC) = (try RedisPod("b", server), try RedisPod("c", server))
    let b = try await Self.join(podB)
    let c = try await Self.join(podC)
    try b.set("ours", to: Limit(rateLimit: 1, name: "ours"))
    try await b.flush()
    // As a Go pod does that has not seen it: it publishes, and a moment later replaces everything.
    try await server.cli("publish", "podshare:flags:events", Self.set)
    try await Task.sleep(for: .milliseconds(200))
    try await server.cli("set", "podshare:flags:snapshot", Self.snapshot)
    try await eventually("both are kept") {
      let kept = try await server.cli("get", "podshare:flags:snapshot")
      return kept.contains(#""ours""#) && kept.contains(#""a""#) && kept.contains(#""checkout""#)
    }
    await eventually("what the Go pod had kept is here") { c["a"] == Limit(rateLimit: 1, name: "x") }
    for store in [b, c] { try await store.close() }
    for pod in [podB, podC] { try await pod.close() }
  }

  @Test("Two pods that save at the same time do not undo each other")
  func compareAndSet() async throws {
    let server = try await RedisServer()
    let pods = try (0..<3).map { try RedisPod("pod\($0)", server) }
    var stores: [Store<Limit>] = []
    for pod in pods { stores.append(try await Self.join(pod)) }
    for round in 0..<10 {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, store) in stores.enumerated() {
          group.addTask {
            try store.set("\(index)/\(round)", to: Limit(rateLimit: round, name: "x"))
            try await store.flush()
          }
        }
        try await group.waitForAll()
      }
      let kept = try await server.cli("get", "podshare:flags:snapshot")
      for index in stores.indices { #expect(kept.contains("\"\(index)/\(round)\""), "round \(round)") }
    }
    for store in stores { try await store.close() }
    for pod in pods { try await pod.close() }
  }
}

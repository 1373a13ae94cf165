import Foundation
import PodShare
import PodShareRedis
import Testing

@Suite("What is kept on the server", .needsRedis, .timeLimit(.minutes(2)))
struct KeptEntriesTests {
  private static func merging(_ configuration: inout StoreConfiguration<Set<String>>) {
    configuration.merge = Merge { $0.union($1) }
  }

  @Test("P6: values that are joined are joined on the server, too, whoever writes when")
  func joins() async throws {
    let server = try await RedisServer()
    let pods = try (0..<3).map { try RedisPod("pod\($0)", server) }
    var stores: [Store<Set<String>>] = []
    for pod in pods { stores.append(try await pod.join("sets", of: Set<String>.self, Self.merging)) }
    for round in 0..<20 {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, store) in stores.enumerated() {
          group.addTask {
            try store.set("key\(round % 4)", to: ["\(index)/\(round)"])
            try await store.flush()
          }
        }
        try await group.waitForAll()
      }
    }
    for store in stores { try await store.close() }
    let late = try RedisPod("late", server)
    let store = try await late.join("sets", of: Set<String>.self, Self.merging)
    for key in 0..<4 {
      let expected = (0..<20).filter { $0 % 4 == key }.flatMap { round in (0..<3).map { "\($0)/\(round)" } }
      #expect(store["key\(key)"] == Set(expected))
    }
    try await store.close()
    for pod in pods + [late] { try await pod.close() }
  }

  @Test("A flush writes what changed, not what exists")
  func flushWritesChanges() async throws {
    let server = try await RedisServer()
    let pod = try RedisPod("a", server)
    let store = try await pod.join("many", of: Int.self) { $0.snapshotInterval = .seconds(60) }
    try store.setMany((0..<5_000).map { ("key\($0)", $0) })
    try await store.flush()
    let before = store.statistics.snapshotsSaved
    try store.set("key7", to: -7)
    try await store.flush()
    #expect(store.statistics.snapshotsSaved == before + 1)
    try await store.flush()
    #expect(store.statistics.snapshotsSaved == before + 1)
    try await store.close()
    try await pod.close()
  }

  @Test("P3: a delete outlives the fleet; its tombstone is removed when its time is over")
  func deletes() async throws {
    let server = try await RedisServer()
    let pod = try RedisPod("a", server)
    let store = try await pod.join("t", of: Int.self)
    try store.setMany([("kept", 1), ("deleted", 2)])
    try await store.flush()
    try store.delete("deleted")
    try await store.close()
    #expect(try await server.keptKeys(of: "t") == ["kept", "deleted"])
    let again = try await pod.join("t", of: Int.self) { $0.gcInterval = .milliseconds(200) }
    #expect(again.snapshot().dictionary == ["kept": 1])
    try await again.close()

    let later = try await pod.join("t", of: Int.self) { configuration in
      configuration.tombstoneTTL = .milliseconds(1)
      configuration.gcInterval = .milliseconds(200)
    }
    try await eventually("nothing is left of it") { try await server.keptKeys(of: "t") == ["kept"] }
    #expect(later.snapshot().dictionary == ["kept": 1])
    try await later.close()
    try await pod.close()
  }

  @Test("Keys and values of any kind are kept: empty, with line ends and zeros, large")
  func anyKind() async throws {
    let server = try await RedisServer()
    let pod = try RedisPod("a", server)
    let entries = [
      ("", "empty"), ("line\r\nend", "a\r\nb"), ("zero\0", "\0"), ("é", "composed"),
      ("e\u{301}", "decomposed"),
      (String(repeating: "k", count: 65_535), "long"), ("large", String(repeating: "v", count: 3_000_000)),
      ("none", ""),
    ]
    let store = try await pod.join("any", of: String.self)
    for (key, value) in entries { try store.set(key, to: value) }
    try await store.close()
    let again = try await pod.join("any", of: String.self)
    #expect(again.keys.count == entries.count)
    for (key, value) in entries { #expect(again[key] == value) }
    try await again.close()
    try await pod.close()
  }

  @Test("A field that somebody removes by hand is no delete: others have it, and it is put back")
  func removedByHand() async throws {
    let server = try await RedisServer()
    let podA = try RedisPod("a", server)
    let a = try await podA.join("t", of: Int.self) { $0.gcInterval = .milliseconds(300) }
    try a.setMany((0..<10).map { ("key\($0)", $0) })
    try await a.flush()
    try await eventually("it was gone through") { try await server.hasContext(of: "t") }
    for round in 0..<10 {
      try await server.cli("hdel", "podshare:t:entries", "key\(round)")
      let podB = try RedisPod("b\(round)", server)
      let b = try await podB.join("t", of: Int.self)
      await eventually("the newcomer has it") { b["key\(round)"] == round }
      #expect(a["key\(round)"] == round)
      try await b.close()
      try await podB.close()
    }
    try await eventually("all are kept") { try await server.keptKeys(of: "t").count == 10 }
    #expect(a.keys.count == 10)
    try await a.close()
    try await podA.close()
  }

  @Test("Several topics and prefixes on one server do not touch one another")
  func apart() async throws {
    let server = try await RedisServer()
    let (pod, other) = (try RedisPod("a", server), try RedisPod("b", server) { $0.prefix = "other" })
    let (one, two) = (try await pod.join("one", of: Int.self), try await pod.join("two", of: Int.self))
    let elsewhere = try await other.join("one", of: Int.self)
    try one.set("key", to: 1)
    try two.set("key", to: 2)
    try elsewhere.set("key", to: 3)
    for store in [one, two, elsewhere] { try await store.flush() }
    #expect((one["key"], two["key"], elsewhere["key"]) == (1, 2, 3))
    let keys = Set(try await server.cli("keys", "*").split(separator: "\n").map(String.init))
    #expect(keys == ["podshare:one:entries", "podshare:two:entries", "other:one:entries"])
    #expect(one.members.isEmpty && elsewhere.members.isEmpty)
    for store in [one, two, elsewhere] { try await store.close() }
    for pod in [pod, other] { try await pod.close() }
  }
}

import NIOCore
import PodShare
import PodShareTestKit
import Testing

@Suite("T15: keys that differ do not collapse", .timeLimit(.minutes(1)))
struct KeySpellingTests {
  static let composed = "caf\u{e9}"
  static let decomposed = "cafe\u{301}"

  @Test("T15: canonically equivalent spellings are two keys, here and on the other pods, live and joining")
  func spellings() async throws {
    let network = MemoryNetwork()
    let (a, b) = try await network.pods(of: Int.self)
    let watch = b.store.watch()
    try a.store.set(Self.composed, to: 1)
    try a.store.setMany([(Self.decomposed, 2), ("other", 3)])
    let c: Pod<Int> = try await network.pod("c")
    for pod in [a, b, c] {
      #expect(pod.store[Self.composed] == 1)
      #expect(pod.store[Self.decomposed] == 2)
      #expect(pod.store.count == 3)
      #expect(pod.store.keys.count == 3)
      #expect(pod.store.snapshot()[Self.composed] == 1)
      #expect(pod.store.snapshot()[Self.decomposed] == 2)
      #expect(pod.store.version(of: Self.composed) != pod.store.version(of: Self.decomposed))
    }
    // A dictionary of Swift's takes the two for one: the newer one stays.
    #expect(a.store.snapshot().dictionary == [Self.composed: 2, "other": 3])

    try b.store.delete(Self.composed)
    for pod in [a, b, c] {
      #expect(pod.store[Self.composed] == nil)
      #expect(pod.store[Self.decomposed] == 2)
    }
    try await b.store.close()
    var events: [[UInt8]] = []
    for try await event in watch { events.append(Array(event.key.utf8)) }
    #expect(events == [Self.composed, Self.decomposed, "other", Self.composed].map { Array($0.utf8) })
  }

  @Test("T15: topics and node IDs too are their bytes")
  func names() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod(Self.composed, topic: Self.composed, isFirst: true)
    let b: Pod<Int> = try await network.pod(Self.decomposed, topic: Self.composed)
    let other: Pod<Int> = try await network.pod("x", topic: Self.decomposed, isFirst: true)
    try a.store.set("k", to: 1)
    #expect(b.store["k"] == 1)
    #expect(other.store["k"] == nil)
    #expect(b.errors.count(of: .duplicateNodeID) == 0)
  }

  @Test("T15: keys that are not UTF-8 are refused, not repaired")
  func invalid() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    var raw = RawPod(on: network)
    for bytes in [[0xff], [0xfe], [0xc3], [0xed, 0xa0, 0x80], [0x61, 0x80]] as [[UInt8]] {
      raw.send(raw.set(keyBytes: bytes, to: "1", at: .now()))
    }
    #expect(a.store.keys == [])
    #expect(a.store.statistics.invalidMessages == 5)
    #expect(a.errors.codes == Array(repeating: .invalidMessage, count: 5))
    #expect(a.errors.all.allSatisfy { $0.peer == "raw" })
    raw.send(raw.set(keyBytes: [0xc3, 0xa9], to: "1", at: .now()))
    #expect(a.store["\u{e9}"] == 1)
  }
}

import NIOCore
import PodShareTestKit
import Testing

@testable import PodShare

@Suite("P8: values that do not decode", .timeLimit(.minutes(1)))
struct OpaqueValuesTests {
  @Test("They are kept and reported, and reads go on showing the last value that decoded")
  func lastValue() async throws {
    let network = MemoryNetwork()
    let new = try await network.pod("new", isFirst: true, configuration: .picky())
    let old = try await network.pod("old", configuration: .picky(refusing: "v2:"))
    let watch = old.store.watch()
    try new.store.set("k", to: "one")
    let version = try new.store.set("k", to: "v2:two")
    try new.store.set("fresh", to: "v2:x")
    #expect(old.store["k"] == "one")
    #expect(old.store["fresh"] == nil)
    #expect(old.store.keys == ["k"])
    #expect(old.store.count == 1)
    #expect(old.store.version(of: "k") == version)
    #expect(old.store.statistics.opaqueEntries == 2)
    #expect(old.errors.codes == [.undecodableValue, .undecodableValue])
    #expect(old.errors.all.map(\.key) == ["k", "fresh"])
    #expect(old.errors.all.map(\.peer) == ["new", "new"])

    try new.store.set("k", to: "three")
    try new.store.delete("fresh")
    #expect(old.store["k"] == "three")
    #expect(old.store.statistics.opaqueEntries == 0)
    try await old.store.close()
    var events: [Change<String>] = []
    for try await event in watch { events.append(event.change) }
    #expect(events == [.set("one"), .set("three")])
  }

  @Test("They are forwarded to a joiner that can decode them, with what is readable to one that cannot")
  func forwarded() async throws {
    let network = MemoryNetwork()
    let new = try await network.pod("new", isFirst: true, configuration: .picky())
    let old = try await network.pod("old", configuration: .picky(refusing: "v2:"))
    try new.store.set("k", to: "one")
    let version = try new.store.set("k", to: "v2:two")
    try await new.store.close()

    let newer = try await network.pod("newer", configuration: .picky())
    #expect(newer.store["k"] == "v2:two")
    #expect(newer.store.version(of: "k") == version)
    try await newer.store.close()
    let other = try await network.pod("other", configuration: .picky(refusing: "v2:"))
    #expect(other.store["k"] == "one")
    #expect(other.store.version(of: "k") == version)
    #expect(old.store["k"] == "one")
  }

  @Test("A write over one wins; so does a delete")
  func overwritten() async throws {
    let network = MemoryNetwork()
    let new = try await network.pod("new", isFirst: true, configuration: .picky())
    let old = try await network.pod("old", configuration: .picky(refusing: "v2:"))
    try new.store.setMany(["k": "v2:x", "l": "v2:x"])
    let seen = old.store.version(of: "k")
    #expect(try old.store.trySet("k", to: "mine", ifVersion: nil) == nil)
    #expect(try old.store.trySet("k", to: "mine", ifVersion: seen) != nil)
    try old.store.delete("l")
    for pod in [new, old] { #expect(pod.store.snapshot().dictionary == ["k": "mine"]) }
    #expect(old.store.statistics.opaqueEntries == 0)
  }

  @Test("A lifetime that this build does not know is kept as it came, and forwarded")
  func lifetime() async throws {
    let network = MemoryNetwork()
    let a = try await network.pod("a", isFirst: true, configuration: .picky())
    try a.store.set("k", to: "before")
    var raw = RawPod(on: network)
    let lifetime = Lifetime(kind: 7, bytes: [1, 2, 3])
    raw.send(
      raw.set(
        keyBytes: Array("k".utf8), lifetime: lifetime, to: "leased", at: .now().advanced(by: .seconds(1))))
    #expect(a.store["k"] == "before")
    #expect(a.errors.codes == [.undecodableValue])
    let b = try await network.pod("b", configuration: .picky())
    #expect(b.store["k"] == "before")
    guard case .opaque(let writes, _) = b.store.core.table.entry(forKey: Key("k"))?.content else {
      Issue.record("not kept")
      return
    }
    #expect(writes.map(\.lifetime) == [lifetime])
    #expect(writes.map(\.bytes) == [Array("leased".utf8)])
  }

  @Test("T9: one undecodable entry does not fail the join, and the topic can be joined again")
  func join() async throws {
    let network = MemoryNetwork()
    let new = try await network.pod("new", isFirst: true, configuration: .picky())
    try new.store.setMany(["good": "one", "bad": "v2:two"])
    for _ in 0..<2 {
      let transport = MemoryTransport(on: network)
      for round in 0..<2 {
        let store = try await Store.join("topic", over: transport, configuration: .picky(refusing: "v2:"))
        #expect(store.isCaughtUp, "round \(round)")
        #expect(store.snapshot().dictionary == ["good": "one"])
        #expect(store.statistics.opaqueEntries == 1)
        try await store.close()
      }
    }
  }

  @Test("What is kept holds no slice of the message it came in")
  func copies() async throws {
    let network = MemoryNetwork()
    let old = try await network.pod("old", isFirst: true, configuration: .picky(refusing: "v2:"))
    var raw = RawPod(on: network)
    var message = raw.set("k", to: "v2:original", at: .now())
    raw.send(message)
    for index in 0..<message.writerIndex { message.setInteger(UInt8(0), at: index) }
    let newer = try await network.pod("newer", configuration: .picky())
    #expect(newer.store["k"] == "v2:original")
    withExtendedLifetime(old) {}
  }
}

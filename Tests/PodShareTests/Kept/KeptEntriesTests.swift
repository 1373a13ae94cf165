import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import PodShare

@Suite("What a transport keeps entry by entry", .timeLimit(.minutes(1)))
struct KeptEntriesTests {
  private static func join(
    _ name: String, over transport: any Transport,
    _ change: (inout StoreConfiguration<Int>) -> Void = { _ in }
  ) async throws -> Store<Int> {
    var configuration = StoreConfiguration<Int>()
    configuration.nodeID = name
    configuration.syncInterval = .milliseconds(20)
    configuration.snapshotInterval = .milliseconds(10)
    configuration.joinTimeout = .milliseconds(100)
    change(&configuration)
    return try await Store.join("kept", over: transport, configuration: configuration)
  }

  private static func keys(_ network: MemoryNetwork) -> Set<String> {
    let fields = network.fields?.all[Key("kept")] ?? [:]
    return Set(fields.keys.filter { $0 != KeptContext.name }.map { String(buffer: $0) })
  }

  private static func context(_ network: MemoryNetwork) -> KeptContext? {
    network.fields?.all[Key("kept")]?[KeptContext.name].flatMap { try? KeptContext(content: $0) }
  }

  @Test("A fleet that has stopped finds its state again, and is caught up")
  func comesBack() async throws {
    let network = MemoryNetwork(keepsEntries: true)
    let first = try await Self.join("a", over: MemoryTransport(on: network))
    #expect(!first.isCaughtUp, "nobody is there, and nothing was kept")
    for number in 0..<1_000 { try first.set("key\(number)", to: number) }
    try first.delete("key7")
    try await first.close()
    let second = try await Self.join("b", over: MemoryTransport(on: network))
    #expect(second.isCaughtUp)
    #expect(second.keys.count == 999)
    #expect(second["key7"] == nil && second["key8"] == 8)
    try await second.close()
  }

  @Test(
    "Everything is removed at the very moment when it is written what was seen: it does not say what is not so"
  )
  func removedDuringAudit() async throws {
    let network = MemoryNetwork(keepsEntries: true)
    let removals = NIOLockedValueBox(0)
    let transport = HookedTransport(MemoryTransport(on: network)) { change in
      guard change.name == KeptContext.name else { return }
      let mustRemove = removals.withLockedValue { removals in
        removals += 1
        return removals <= 4
      }
      if mustRemove { network.fields?.all = [:] }
    }
    let store = try await Self.join("a", over: transport)
    for number in 0..<10 { try store.set("key\(number)", to: number) }
    try await store.flush()
    await eventually("all is kept, and what was seen") {
      Self.keys(network).count == 10
        && Self.context(network)?.context.contains(store.version(of: "key9")!) == true
    }
    #expect(removals.withLockedValue { $0 } > 4)
    try await store.close()
  }

  @Test(
    "P3: what was deleted while a pod was away stays deleted, even if nobody but the server knows of it any more"
  )
  func deletedWhileAway() async throws {
    let network = MemoryNetwork(keepsEntries: true)
    let transport = MemoryTransport(on: network)
    let away = try await Self.join("away", over: transport) { $0.gcInterval = .milliseconds(20) }
    let there = try await Self.join("there", over: MemoryTransport(on: network)) { configuration in
      configuration.tombstoneTTL = .milliseconds(1)
      configuration.gcInterval = .milliseconds(20)
    }
    try there.setMany([("kept", 1), ("deleted", 2)])
    await eventually("both have both") { away.keys.count == 2 }
    transport.disconnect()
    try away.set("written meanwhile", to: 3)
    try there.delete("deleted")
    await eventually("the tombstone is collected, here and there") {
      there.statistics.tombstones == 0 && Self.keys(network) == ["kept"]
    }
    try await there.close()
    transport.connect()
    await eventually("it is deleted") { away["deleted"] == nil }
    #expect(away.snapshot().dictionary == ["kept": 1, "written meanwhile": 3])
    await eventually("what was written meanwhile is kept") {
      Self.keys(network) == ["kept", "written meanwhile"]
    }
    try await away.close()
  }

  @Test("What was written by a pod that died before it was kept, another keeps")
  func authorDies() async throws {
    let network = MemoryNetwork(keepsEntries: true)
    let hasDied = NIOLockedValueBox(false)
    let dying = HookedTransport(MemoryTransport(on: network)) { _ throws(TransportError) in
      if hasDied.withLockedValue({ $0 }) { throw TransportError(.disconnected, "it is dead") }
    }
    let author = try await Self.join("z", over: dying)
    let other = try await Self.join("a", over: MemoryTransport(on: network))
    hasDied.withLockedValue { $0 = true }
    try author.set("last words", to: 1)
    await eventually("the other has it") { other["last words"] == 1 }
    #expect(Self.keys(network) == [])
    (dying.base as? MemoryTransport)?.disconnect()
    await eventually("it is kept") { Self.keys(network) == ["last words"] }
    try await other.close()
  }

  @Test("What a pod had to heal, it has kept: whoever wrote it may not have been able to")
  func healedIsKept() async throws {
    let network = MemoryNetwork(keepsEntries: true)
    let transport = MemoryTransport(on: network)
    // The one that goes through it all looks seldom, and has no reason to when it does.
    let first = try await Self.join("a", over: MemoryTransport(on: network)) { $0.syncInterval = .seconds(1) }
    let last = try await Self.join("z", over: transport) { $0.syncInterval = .seconds(1) }
    try first.set("x", to: 1)
    let version = try #require(first.version(of: "x"))
    await eventually("it was gone through") { Self.context(network)?.context.contains(version) == true }
    transport.disconnect()
    try first.set("y", to: 2)
    try await first.flush()
    // As if that had been kept by another server.
    network.fields?.all[Key("kept")]?[ByteBuffer(string: "y")] = nil
    #expect(Self.keys(network) == ["x"])
    transport.connect()
    await eventually("the other has it") { last["y"] == 2 }
    await eventually("it is kept", within: .milliseconds(600)) { Self.keys(network) == ["x", "y"] }
    for store in [first, last] { try await store.close() }
  }

  @Test("Everything is removed and all pods leave at once: what they held is kept", arguments: 0..<10)
  func leaving(round: Int) async throws {
    let network = MemoryNetwork(keepsEntries: true)
    let stores = [
      try await Self.join("a", over: MemoryTransport(on: network)) { $0.syncInterval = .seconds(1) },
      try await Self.join("b", over: MemoryTransport(on: network)) { $0.syncInterval = .seconds(1) },
    ]
    try stores[round % 2].setMany((0..<20).map { ("key\($0)", $0) })
    await eventually("both have all") { stores.allSatisfy { $0.keys.count == 20 } }
    for store in stores { try await store.flush() }
    network.fields?.all = [:]
    for store in stores { try await store.close() }
    #expect(Self.keys(network).count == 20)
  }

  @Test("An old copy is put in the place of what is kept: the newer is put back, and nothing deleted returns")
  func oldCopy() async throws {
    let network = MemoryNetwork(keepsEntries: true)
    let transport = MemoryTransport(on: network)
    let store = try await Self.join("a", over: transport)
    try store.setMany([("changed", 1), ("deleted", 1), ("old", 1)])
    try await store.flush()
    await eventually("it was gone through") { Self.context(network) != nil }
    let copy = network.fields?.all ?? [:]
    try store.set("changed", to: 2)
    try store.delete("deleted")
    try store.set("new", to: 3)
    try await store.flush()
    // As a server does: it is not there meanwhile.
    transport.disconnect()
    network.fields?.all = copy
    transport.connect()
    await eventually("all is as it was") {
      // A pod on a network of its own, where only this is kept.
      let alone = MemoryNetwork(keepsEntries: true)
      alone.fields?.all = network.fields?.all ?? [:]
      guard let late = try? await Self.join("late", over: MemoryTransport(on: alone)) else { return false }
      let state = late.snapshot().dictionary
      try? await late.close()
      return state == ["changed": 2, "old": 1, "new": 3]
    }
    #expect(store.snapshot().dictionary == ["changed": 2, "old": 1, "new": 3])
    try await store.close()
  }

  @Test(
    "Conditions hold as they say",
    arguments: [
      (KeptField.Change.Condition.isNew, nil as String?, true), (.isNew, "x", false),
      (.replaces(ByteBuffer(string: "ab")), "abc", true), (.replaces(ByteBuffer(string: "ab")), "acb", false),
      (.replaces(ByteBuffer(string: "ab")), nil, false), (.isGreater, nil, true),
      (.isGreater, "12345678\0\u{1}a", true), (.isGreater, "12345678\0\u{1}b", false),
      (.isGreater, "12345678\0\u{2}ab", true), (.isGreater, "12345678\0\u{2}b\u{1}", false),
      (.isGreater, "garbage", false),
    ])
  func conditions(condition: KeptField.Change.Condition, kept: String?, expected: Bool) {
    let change = KeptField.Change(
      name: ByteBuffer(string: "k"), content: ByteBuffer(string: "tagtagta\0\u{1}b..."), if: condition)
    #expect(change.holds(for: kept.map { ByteBuffer(string: $0) }) == expected)
  }
}

/// A transport that tells of each change before it is made.
private struct HookedTransport: EntryTransport {
  let base: any EntryTransport
  let hook: @Sendable (KeptField.Change) throws(TransportError) -> Void

  init(
    _ base: any EntryTransport, _ hook: @escaping @Sendable (KeptField.Change) throws(TransportError) -> Void
  ) {
    self.base = base
    self.hook = hook
  }

  func changeFields(_ changes: [KeptField.Change], of topic: String) async throws(TransportError)
    -> [KeptField]
  {
    for change in changes { try hook(change) }
    return try await base.changeFields(changes, of: topic)
  }
  func field(_ name: ByteBuffer, upTo limit: Int, of topic: String) async throws(TransportError)
    -> ByteBuffer?
  {
    try await base.field(name, upTo: limit, of: topic)
  }
  func readFields(of topic: String, _ body: ([KeptField]) -> Void) async throws(TransportError) {
    try await base.readFields(of: topic, body)
  }
  func publish(_ message: ByteBuffer, to topic: String) -> PublishOutcome { base.publish(message, to: topic) }
  func drain() async throws(TransportError) { try await base.drain() }
  func subscribe(
    to topic: String, onEvent: @escaping @Sendable (TransportEvent) -> Void
  ) async throws(TransportError) -> TransportSubscription {
    try await base.subscribe(to: topic, onEvent: onEvent)
  }
  func close() async throws(TransportError) { try await base.close() }
}

import NIOCore
import PodShareTestKit
import Testing

@testable import PodShare

@Suite("Wire version 1: Swift pods beside Go pods")
struct MixedFleetTests {
  /// What a Go pod would publish.
  private struct GoPod {
    let transport: MemoryTransport
    var nodeID = "go"
    var sequence: UInt64 = 0

    init(on network: MemoryNetwork) { transport = MemoryTransport(on: network) }

    mutating func set(_ key: String, to json: String, at timestamp: Timestamp = .now()) {
      publish(key, ByteBuffer(string: json), timestamp)
    }

    mutating func delete(_ key: String, at timestamp: Timestamp = .now()) {
      publish(key, nil, timestamp)
    }

    private mutating func publish(_ key: String, _ bytes: ByteBuffer?, _ timestamp: Timestamp) {
      sequence += 1
      var value = ByteBuffer()
      if let bytes { Base64.encode(bytes.readableBytesView, into: &value) }
      let member = bytes == nil ? "" : ",\"value\":\"\(String(buffer: value))\""
      send(
        "{\"v\":1,\"kind\":\"\(bytes == nil ? "delete" : "set")\",\"key\":\"\(key)\"\(member),\"origin\":\"\(nodeID)\",\"timestamp\":\"\(timestamp)\",\"seq\":\(sequence)}"
      )
    }

    func send(_ text: String) {
      _ = transport.publish(ByteBuffer(string: text), to: "topic")
    }
  }

  private func v1Pod<Value: Codable & Sendable>(
    _ nodeID: String = "swift", of _: Value.Type = Value.self, on network: MemoryNetwork,
    isFirst: Bool = true,
    configure: (inout StoreConfiguration<Value>) -> Void = { _ in }
  ) async throws -> Pod<Value> {
    try await network.pod(nodeID, isFirst: isFirst) {
      $0.wireFormat = .v1
      configure(&$0)
    }
  }

  @Test("what a store writes is what a Go pod would have written, event by event")
  func writes() async throws {
    let network = MemoryNetwork()
    let tap = try await Tap(on: network)
    let clock = TestClock(now: Timestamp(nanoseconds: 1_795_374_658_521_349_385))
    let pod: Pod<Int> = try await v1Pod(on: network) { $0.time.now = { clock.now } }
    let version = try pod.store.set("a<b", to: 100)
    try pod.store.delete("a<b")
    try pod.store.setMany([("x", 1), ("y", 2)])
    try await pod.store.flush()
    let first = version.sequence
    #expect(
      tap.all.map { String(buffer: $0) } == [
        #"{"v":1,"kind":"set","key":"a\u003cb","value":"MTAw","origin":"swift","timestamp":"2026-11-22T19:10:58.521349385Z","seq":\#(first)}"#,
        #"{"v":1,"kind":"delete","key":"a\u003cb","origin":"swift","timestamp":"2026-11-22T19:10:58.521349386Z","seq":\#(first + 1)}"#,
        #"{"v":1,"kind":"set","key":"x","value":"MQ==","origin":"swift","timestamp":"2026-11-22T19:10:58.521349387Z","seq":\#(first + 2)}"#,
        #"{"v":1,"kind":"set","key":"y","value":"Mg==","origin":"swift","timestamp":"2026-11-22T19:10:58.521349387Z","seq":\#(first + 3)}"#,
      ])
    #expect(pod.errors.all.isEmpty)
  }

  @Test("a store reads a Go pod's writes, whatever it writes itself", arguments: WireFormat.allCases)
  func reads(format: WireFormat) async throws {
    let network = MemoryNetwork()
    let pod: Pod<Int> = try await network.pod("swift", isFirst: true) { $0.wireFormat = format }
    var go = GoPod(on: network)
    var events = pod.store.watch(.all).makeAsyncIterator()
    go.set("k", to: "5")
    #expect(pod.store["k"] == 5)
    let event = try #require(try await events.next())
    #expect(event.change == .set(5))
    #expect(event.origin == "go")
    go.delete("k")
    #expect(pod.store["k"] == nil)
    #expect(try await events.next()?.change == .delete)
    #expect(pod.store.statistics.tombstones == 1)
    #expect(pod.errors.all.isEmpty)
  }

  @Test("P2, T11: a write wins over a Go pod's entry stamped ahead of this clock")
  func ownWriteWins() async throws {
    let network = MemoryNetwork()
    let pod: Pod<Int> = try await v1Pod(on: network)
    var go = GoPod(on: network)
    go.set("k", to: "1", at: Timestamp.now().advanced(by: .seconds(30)))
    try pod.store.set("k", to: 2)
    #expect(pod.store["k"] == 2)
  }

  @Test("pods that write version 1 and pods that write version 2 share a topic")
  func bothFormats() async throws {
    let network = MemoryNetwork()
    let old: Pod<Int> = try await v1Pod("old", on: network)
    let new: Pod<Int> = try await network.pod("new")
    try old.store.setMany([("a", 1), ("b", 2)])
    try new.store.setMany([("c", 3), ("a", 4)])
    try old.store.delete("c")
    try await old.store.flush()
    try await new.store.flush()
    #expect(old.store.contents == new.store.contents)
    #expect(new.store.snapshot().dictionary == ["a": 4, "b": 2])
    let late: Pod<Int> = try await v1Pod("late", on: network, isFirst: false)
    #expect(late.store.contents == new.store.contents)
    #expect((old.errors.all + new.errors.all + late.errors.all).isEmpty)
  }

  @Test("its own events coming back change and report nothing, however late")
  func echoes() async throws {
    let network = MemoryNetwork()
    let tap = try await Tap(on: network)
    let start = Timestamp.now()
    let clock = TestClock(now: start)
    let pod: Pod<Int> = try await v1Pod(on: network) { $0.time.now = { clock.now } }
    clock.jump(by: .seconds(3_600))
    try pod.store.set("k", to: 1)
    try pod.store.set("k", to: 2)
    try pod.store.delete("k")
    for message in tap.all { _ = MemoryTransport(on: network).publish(message, to: "topic") }
    #expect(pod.store["k"] == nil)
    #expect(pod.store.statistics.rejectedWrites == 0)
    #expect(pod.errors.all.isEmpty)
  }

  @Test("a Go pod that restarts counts from one again, and none of its writes is taken for an old one")
  func restart() async throws {
    let network = MemoryNetwork()
    let pod: Pod<Int> = try await v1Pod(on: network)
    var go = GoPod(on: network)
    for number in 1...5 { go.set("\(number)", to: "\(number)") }
    go.sequence = 0
    for number in 1...5 { go.set("\(number)", to: "\(10 * number)") }
    go.sequence = 0
    go.set("6", to: "60")
    #expect(pod.store.snapshot().dictionary == ["1": 10, "2": 20, "3": 30, "4": 40, "5": 50, "6": 60])
  }

  @Test("T14, P8: messages that are none change nothing and are reported with their origin")
  func badMessages() async throws {
    let network = MemoryNetwork()
    let pod: Pod<Int> = try await v1Pod(on: network)
    let go = GoPod(on: network)
    let bad = [
      "{}", "null", "", #"{"v":1,"kind":"touch","key":"k","origin":"go","timestamp":"2026-01-02T03:04:05Z"}"#,
      #"{"v":2,"kind":"set","key":"k","origin":"go","timestamp":"2026-01-02T03:04:05Z"}"#,
      #"{"origin":"go","v":1,"kind":"set","key":5}"#,
    ]
    for text in bad { go.send(text) }
    #expect(pod.store.count == 0)
    #expect(pod.store.statistics.invalidMessages == UInt64(bad.count))
    #expect(pod.errors.count(of: .invalidMessage) == bad.count)
    #expect(pod.errors.all.contains { $0.peer == "go" })
  }

  @Test(
    "Go pods see nothing but events on the topic: after a join, an absence, with seeds, and after a full queue"
  )
  func nothingElseOnTheTopic() async throws {
    let network = MemoryNetwork()
    let tap = try await Tap(on: network)
    let transport = StubbornTransport(on: network)
    var configuration = StoreConfiguration<Int>()
    configuration.wireFormat = .v1
    configuration.joinTimeout = .zero
    let a = try await Store.join("topic", over: transport, configuration: configuration)
    let b: Pod<Int> = try await v1Pod("b", on: network, isFirst: false)
    try b.store.seed(["seed": 1])
    transport.base.disconnect()
    try a.set("apart", to: 2)
    b.transport.disconnect()
    try b.store.set("apart", to: 3)
    transport.base.connect()
    b.transport.connect()
    transport.change { $0.publishOutcome = .queueFull }
    try a.setMany([("full", 4), ("fuller", 5)])
    #expect(await StoreError.code { try await a.flush() } == .broadcastFailed)
    transport.change { $0.publishOutcome = nil }
    try await a.flush()
    try await b.store.flush()
    await eventually("both are equal") { a.contents == b.store.contents && a.count == 4 }
    #expect(!tap.all.isEmpty)
    for message in tap.all {
      #expect(throws: Never.self) { try WireVersion1.decodeEvent(message) }
    }
    let keys = try tap.all.map { try WireVersion1.decodeEvent($0).entries[0].key.string }
    #expect(Set(keys) == ["seed", "apart", "full", "fuller"])
  }

  @Test("T7: events that the transport refused are sent again, those it took are not lost")
  func partlyRefused() async throws {
    let network = MemoryNetwork()
    let transport = StubbornTransport(on: network)
    var configuration = StoreConfiguration<Int>()
    configuration.wireFormat = .v1
    configuration.joinTimeout = .zero
    let a = try await Store.join("topic", over: transport, configuration: configuration)
    let b: Pod<Int> = try await v1Pod("b", on: network, isFirst: false)
    transport.change { $0.publishOutcome = .disconnected }
    try a.setMany((0..<100).map { ("\($0)", $0) })
    await eventually("all was refused") { a.statistics.unsentKeys == 100 }
    transport.change { $0.publishOutcome = nil }
    try await a.flush()
    #expect(a.statistics.unsentKeys == 0)
    #expect(b.store.contents == a.contents)
  }

  // MARK: Snapshots

  @Test("a snapshot that a Go pod has saved is taken over, and what is saved is what a Go pod reads")
  func snapshots() async throws {
    let shelf = KeepingTransport.Shelf()
    shelf.keep(ByteBuffer(string: EventVectorTests.snapshot))
    var configuration = StoreConfiguration<EventVectorTests.Limit>()
    configuration.wireFormat = .v1
    configuration.nodeID = "swift"
    configuration.joinTimeout = .zero
    let clock = TestClock(now: Timestamp(nanoseconds: 1_795_374_700_000_000_000))
    configuration.time.now = { clock.now }
    let store = try await Store.join("topic", over: KeepingTransport(shelf), configuration: configuration)
    #expect(
      store.snapshot().dictionary == [
        "a": .init(rateLimit: 1, name: "x"), "b": .init(rateLimit: 2, name: "y"),
      ])
    #expect(store.statistics.tombstones == 1)
    let version = try store.delete("b")
    try await store.flush()
    let saved = String(buffer: try #require(shelf.snapshot()))
    let expected = EventVectorTests.snapshot.replacing(
      #""b":{"value":"eyJyYXRlX2xpbWl0IjoyLCJuYW1lIjoieSJ9","timestamp":"2026-11-22T19:10:58.521508832Z","origin":"pod-a","seq":4}"#,
      with:
        #""b":{"timestamp":"2026-11-22T19:11:40Z","origin":"swift","tombstone":true,"seq":\#(version.sequence)}"#
    )
    #expect(sorted(saved) == sorted(expected))
    try await store.close()
  }

  // Foundation's encoder does not keep the order of a value's members, and the store has encoded them anew.
  private func sorted(_ snapshot: String) -> [String]? {
    guard let contents = try? SavedSnapshot.decode(ByteBuffer(string: snapshot)) else { return nil }
    return contents.entries.map { entry in
      let write: Write<EventVectorTests.Limit> = entry.decoded { try JSONCodec().decode($1) }.0
      return "\(write.key) \(write.version) \(write.content)"
    }
  }

  @Test("T9: one entry of a Go snapshot that makes no sense is reported by its key, and the join goes on")
  func badEntryInSnapshot() async throws {
    let shelf = KeepingTransport.Shelf()
    shelf.keep(
      ByteBuffer(
        string:
          #"{"v":1,"entries":{"bad":{"timestamp":"no"},"k":{"value":"Nw==","timestamp":"2026-01-02T03:04:05Z","origin":"go"}}}"#
      ))
    let errors = ErrorLog()
    var configuration = StoreConfiguration<Int>()
    configuration.wireFormat = .v1
    configuration.joinTimeout = .zero
    configuration.onError = { errors.record($0) }
    let store = try await Store.join("topic", over: KeepingTransport(shelf), configuration: configuration)
    #expect(store.snapshot().dictionary == ["k": 7])
    #expect(errors.first(.invalidSnapshot)?.key == "bad")
  }

  @Test(
    "what version 1 cannot carry is reported, left out of snapshots, and still reaches pods that speak version 2"
  )
  func unrepresentable() async throws {
    let shelf = KeepingTransport.Shelf()
    let network = MemoryNetwork()
    var raw = RawPod(on: network)
    let errors = ErrorLog()
    var configuration = StoreConfiguration<Int>()
    configuration.wireFormat = .v1
    configuration.joinTimeout = .zero
    configuration.onError = { errors.record($0) }
    let store = try await Store.join(
      "topic", over: KeepingTransport(shelf, on: network), configuration: configuration)
    let mortal = Lifetime(kind: 3, bytes: [1])
    raw.send(raw.set(keyBytes: Array("mortal".utf8), lifetime: mortal, to: "1", at: .now()))
    try store.set("plain", to: 2)
    try await store.flush()
    #expect(errors.first(.unrepresentable)?.key == "mortal")
    let saved = try SavedSnapshot.decode(try #require(shelf.snapshot()))
    #expect(saved.entries.map(\.key.string) == ["plain"])
    let late: Pod<Int> = try await network.pod("late")
    #expect(late.store.statistics.opaqueEntries == 1)
  }

  // MARK: Merge mode

  @Test("P6: with a merge function a Go pod's writes are joined, in whatever order they come around a delete")
  func mergeMode() async throws {
    let now = Timestamp.now()
    func at(_ seconds: Int) -> Timestamp { now.advanced(by: .seconds(seconds - 100)) }
    let steps: [(inout GoPod) -> Void] = [
      { $0.set("k", to: #"["a"]"#, at: at(10)) }, { $0.delete("k", at: at(20)) },
      { $0.set("k", to: #"["b"]"#, at: at(30)) }, { $0.set("k", to: #"["c"]"#, at: at(40)) },
    ]
    for order in [[0, 1, 2, 3], [1, 3, 2, 0], [3, 2, 1, 0], [2, 1, 0, 3], [1, 0, 3, 2], [0, 2, 3, 1]] {
      let network = MemoryNetwork()
      let pod: Pod<Set<String>> = try await v1Pod(on: network) { $0.merge = Merge { $0.union($1) } }
      var go = GoPod(on: network)
      for step in order {
        go.sequence = UInt64(step)
        steps[step](&go)
      }
      #expect(pod.store["k"]?.isSuperset(of: ["b", "c"]) == true, "order \(order)")
      // Which delete a write came after is told by versions alone: one that came before it stays if it came to this
      // pod together with a later one.
      if order.firstIndex(of: 1) == 0 || order == [0, 1, 2, 3] {
        #expect(pod.store["k"] == ["b", "c"], "order \(order)")
      }
    }
  }
}

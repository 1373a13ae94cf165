import NIOCore
import PodShareTestKit
import Testing

@testable import PodShare

@Suite("Bad input gives a typed error and changes nothing", .timeLimit(.minutes(1)))
struct BadInputTests {
  static let badTopics = [
    "", String(repeating: "t", count: 1_025), "a\u{1f}b", "a\nb", "\0", "a\u{7f}", "a\u{85}",
    String(repeating: "é", count: 513),
  ]
  static let goodTopics = ["t", String(repeating: "t", count: 1_024), "é/ü:*", "👩‍👩‍👧", " "]

  @Test("Topics outside 1 to 1,024 bytes or with control characters", arguments: badTopics)
  func badTopic(topic: String) async {
    #expect(StoreError.code { _ = try Store<Int>(topic, over: MemoryTransport()) } == .invalidTopic)
    #expect(
      await StoreError.code { _ = try await Store<Int>.join(topic, over: MemoryTransport()) } == .invalidTopic
    )
  }

  @Test("Topics within the limits", arguments: goodTopics)
  func goodTopic(topic: String) async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", topic: topic, isFirst: true)
    try a.store.set("k", to: 1)
    let b: Pod<Int> = try await network.pod("b", topic: topic)
    #expect(b.store["k"] == 1)
    #expect(b.store.topic == topic)
  }

  @Test("Node IDs outside 1 to 255 bytes or with control characters")
  func nodeIDs() throws {
    for bad in ["", String(repeating: "n", count: 256), "a\u{1f}b", "\t", "\u{7f}", "\u{9f}"] {
      var configuration = StoreConfiguration<Int>()
      configuration.nodeID = bad
      let code = StoreError.code { _ = try Store("t", over: MemoryTransport(), configuration: configuration) }
      #expect(code == .invalidNodeID, "\(bad.debugDescription)")
    }
    for good in ["n", String(repeating: "n", count: 255), "é:1 2"] {
      var configuration = StoreConfiguration<Int>()
      configuration.nodeID = good
      #expect(try Store("t", over: MemoryTransport(), configuration: configuration).nodeID == good)
    }
    let random = try (0..<2).map { _ in try Store<Int>("t", over: MemoryTransport()).nodeID }
    #expect(random[0] != random[1])
  }

  @Test("Settings that make no sense")
  func settings() {
    let changes: [(inout StoreConfiguration<Int>) -> Void] = [
      { $0.syncInterval = .zero }, { $0.snapshotInterval = .seconds(-1) }, { $0.gcInterval = .zero },
      { $0.joinTimeout = .seconds(-1) }, { $0.tombstoneTTL = .seconds(-1) },
      { $0.maxClockSkew = .seconds(-1) },
      { $0.watchBuffer = 0 }, { $0.maxValueBytes = 0 }, { $0.maxValueBytes = 32 * 1_024 * 1_024 + 1 },
    ]
    for (index, change) in changes.enumerated() {
      var configuration = StoreConfiguration<Int>()
      change(&configuration)
      let code = StoreError.code { _ = try Store("t", over: MemoryTransport(), configuration: configuration) }
      #expect(code == .invalidConfiguration, "setting \(index)")
    }
  }

  /// A store that holds one entry, with what it looked like.
  private func filled() async throws -> (Pod<String>, Tap, StoreStatistics) {
    let network = MemoryNetwork()
    var configuration = StoreConfiguration<String>.picky()
    configuration.maxValueBytes = 100
    let pod = try await network.pod("a", isFirst: true, configuration: configuration)
    let tap = try await Tap(on: network)
    try pod.store.set("k", to: "v")
    try await pod.store.flush()
    return (pod, tap, pod.store.statistics)
  }

  private func expectUnchanged(_ pod: Pod<String>, _ tap: Tap, _ before: StoreStatistics) async throws {
    try await pod.store.flush()
    #expect(pod.store.snapshot().dictionary == ["k": "v"])
    #expect(pod.store.statistics.localWrites == before.localWrites)
    #expect(pod.store.statistics.eventsDispatched == before.eventsDispatched)
    #expect(pod.store.statistics.tombstones == 0)
    #expect(tap.all.count == 1)
  }

  static let longKey = String(repeating: "k", count: 65_536)

  @Test("A key of more than 65,535 bytes, in every method that writes")
  func key() async throws {
    let (pod, tap, before) = try await filled()
    let store = pod.store
    #expect(StoreError.code { try store.set(Self.longKey, to: "x") } == .invalidKey)
    #expect(StoreError.code { try store.delete(Self.longKey) } == .invalidKey)
    #expect(StoreError.code { try store.setMany([("k", "x"), (Self.longKey, "x")]) } == .invalidKey)
    #expect(StoreError.code { try store.deleteMany(["k", Self.longKey]) } == .invalidKey)
    #expect(StoreError.code { _ = try store.trySet(Self.longKey, to: "x", ifVersion: nil) } == .invalidKey)
    let code = StoreError.code {
      try store.write { batch in
        batch.set("k", to: "x")
        batch.delete(Self.longKey)
      }
    }
    #expect(code == .invalidKey)
    try await expectUnchanged(pod, tap, before)
    #expect(store[Self.longKey] == nil)
    #expect(StoreError.code { try store.set(String(repeating: "é", count: 32_768), to: "x") } == .invalidKey)
  }

  @Test("The longest key there may be, and the shortest, reach the others")
  func limits() async throws {
    let (a, b) = try await MemoryNetwork().pods(of: Int.self)
    let longest = String(repeating: "k", count: 65_535)
    try a.store.setMany([longest: 1, "": 2, "\0\n\u{1f}": 3])
    #expect(b.store.contents == a.store.contents)
    #expect(b.store[longest] == 1 && b.store[""] == 2 && b.store["\0\n\u{1f}"] == 3)
  }

  @Test("A value over the limit, in batches too; one at the limit is fine")
  func value() async throws {
    let (pod, tap, before) = try await filled()
    let store = pod.store
    let large = String(repeating: "x", count: 101)
    #expect(StoreError.code { try store.set("k", to: large) } == .valueTooLarge)
    #expect(StoreError.code { try store.setMany(["k": "x", "l": large]) } == .valueTooLarge)
    #expect(StoreError.code { _ = try store.trySet("l", to: large, ifVersion: nil) } == .valueTooLarge)
    try await expectUnchanged(pod, tap, before)
    try store.set("k", to: String(large.dropLast()))
    #expect(store["k"]?.utf8.count == 100)
  }

  @Test("A batch over 64 MiB")
  func batch() async throws {
    let network = MemoryNetwork()
    let pod = try await network.pod("a", isFirst: true, configuration: StoreConfiguration<String>.picky())
    let value = String(repeating: "x", count: 14 * 1_024 * 1_024)
    let pairs = (0..<5).map { ("\($0)", value) }
    #expect(StoreError.code { try pod.store.setMany(pairs) } == .valueTooLarge)
    #expect(pod.store.count == 0)
  }

  @Test("A value that the codec cannot encode, in batches neither")
  func encoding() async throws {
    let (pod, tap, before) = try await filled()
    let store = pod.store
    do {
      try store.set("k", to: "unencodable")
      Issue.record("the codec should have refused")
    } catch {
      #expect(error.code == .encodingFailed)
      #expect(error.key == "k")
      #expect(error.cause as? CodecFailure == CodecFailure())
    }
    #expect(StoreError.code { try store.setMany([("k", "x"), ("l", "unencodable")]) } == .encodingFailed)
    #expect(
      StoreError.code { _ = try store.trySet("l", to: "unencodable", ifVersion: nil) } == .encodingFailed)
    try await expectUnchanged(pod, tap, before)
  }

  @Test("What a batch's closure throws is passed on, and nothing is written")
  func batchThrows() async throws {
    let (pod, tap, before) = try await filled()
    #expect(throws: CodecFailure.self) {
      try pod.store.write { batch in
        batch.set("k", to: "x")
        throw CodecFailure()
      }
    }
    try await expectUnchanged(pod, tap, before)
  }

  @Test("An empty batch is no write")
  func emptyBatch() async throws {
    let (pod, tap, before) = try await filled()
    try pod.store.setMany([String: String]())
    try pod.store.deleteMany([])
    let result = try pod.store.write { $0.isEmpty }
    #expect(result)
    try await expectUnchanged(pod, tap, before)
  }

  @Test("Writing after close")
  func closed() async throws {
    let (pod, tap, before) = try await filled()
    let store = pod.store
    try await store.close()
    #expect(StoreError.code { try store.set("k", to: "x") } == .closed)
    #expect(StoreError.code { try store.delete("k") } == .closed)
    #expect(StoreError.code { try store.setMany(["k": "x"]) } == .closed)
    #expect(StoreError.code { try store.setMany([String: String]()) } == .closed)
    #expect(StoreError.code { try store.deleteMany(["k"]) } == .closed)
    #expect(StoreError.code { try store.write { $0.delete("k") } } == .closed)
    #expect(StoreError.code { _ = try store.trySet("l", to: "x", ifVersion: nil) } == .closed)
    #expect(StoreError.code { try store.seed(["l": "x"]) } == .closed)
    #expect(await StoreError.code { try await store.refresh() } == .closed)
    try await expectUnchanged(pod, tap, before)
  }

  // MARK: Seeding

  @Test("Seeding a store that holds entries, or a tombstone")
  func seedNonEmpty() async throws {
    let (pod, tap, before) = try await filled()
    #expect(StoreError.code { try pod.store.seed(["l": "x"]) } == .seedOnNonEmptyStore)
    try await expectUnchanged(pod, tap, before)

    let other = try await MemoryNetwork().pod(
      "b", isFirst: true, configuration: StoreConfiguration<String>.picky())
    try other.store.delete("k")
    #expect(StoreError.code { try other.store.seed(["l": "x"]) } == .seedOnNonEmptyStore)
    #expect(other.store.keys == [])
  }

  @Test("Seeding with what cannot be written")
  func seedBad() async throws {
    var configuration = StoreConfiguration<String>.picky()
    configuration.maxValueBytes = 100
    let store = try Store("topic", over: MemoryTransport(), configuration: configuration)
    let large = String(repeating: "x", count: 101)
    #expect(StoreError.code { try store.seed(["a": "x", "b": large]) } == .valueTooLarge)
    #expect(StoreError.code { try store.seed(["a": "x", "b": "unencodable"]) } == .encodingFailed)
    #expect(StoreError.code { try store.seed([(key: Self.longKey, value: "x")]) } == .invalidKey)
    for bad in [Timestamp(nanoseconds: -1), Timestamp(nanoseconds: .max)] {
      #expect(StoreError.code { try store.seed(["a": "x"], asOf: bad) } == .timestampOutOfRange)
    }
    #expect(store.count == 0 && store.statistics.localWrites == 0)
    try store.seed(["a": "x"])
    #expect(store["a"] == "x")
  }
}

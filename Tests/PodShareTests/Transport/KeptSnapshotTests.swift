import NIOCore
import PodShare
import PodShareTestKit
import Testing

@Suite("Snapshots that a transport keeps", .timeLimit(.minutes(1)))
struct KeptSnapshotTests {
  private func store(
    _ shelf: KeepingTransport.Shelf, nodeID: String = "a", refusing refused: String = "nothing",
    errors: ErrorLog = ErrorLog(), clock: TestClock? = nil, on network: MemoryNetwork = MemoryNetwork()
  ) async throws -> Store<String> {
    var configuration = StoreConfiguration<String>.picky(refusing: refused)
    configuration.nodeID = nodeID
    configuration.joinTimeout = .zero
    configuration.onError = errors.record
    if let clock { configuration.time = clock.time }
    return try await Store.join(
      "topic", over: KeepingTransport(shelf, on: network), configuration: configuration)
  }

  @Test("What was closed is there for who joins when nobody else is")
  func survives() async throws {
    let shelf = KeepingTransport.Shelf()
    let first = try await store(shelf)
    try first.set("k", to: "v")
    try first.set("gone", to: "v")
    try first.delete("gone")
    try await first.close()
    #expect(shelf.saves > 0)
    let second = try await store(shelf, nodeID: "b")
    #expect(second.contents == first.contents)
    #expect(second.statistics.tombstones == 1)
    #expect(second.statistics.errors == 0)
  }

  @Test("Changes are saved an interval later, and nothing is saved if nothing has changed")
  func interval() async throws {
    let clock = TestClock()
    let shelf = KeepingTransport.Shelf()
    let first = try await store(shelf, clock: clock)
    for round in 1...3 {
      try first.set("k", to: "\(round)")
      for _ in 0..<3 {
        try await clock.waitForSleepers(1)
        clock.advance(by: .milliseconds(200))
        try await clock.waitForSleepers(1)
      }
      #expect(shelf.saves == round)
      #expect(first.statistics.snapshotsSaved == UInt64(round))
    }
    #expect(first.statistics.snapshotBytes > 0)
  }

  static let garbage: [ByteBuffer] = [
    ByteBuffer(), ByteBuffer(string: "garbage"), ByteBuffer(string: "{"),
    ByteBuffer(string: #"{"entries":[]}"#), ByteBuffer(string: "{}"), ByteBuffer(string: "null"),
    ByteBuffer(bytes: [2, 4, 0, 0, 0, 9, 1]), ByteBuffer(bytes: [2, 4, 0xff, 0xff, 0xff, 0xff]),
    ByteBuffer(bytes: [2, 1]), ByteBuffer(repeating: 0, count: 10_000),
  ]

  @Test(
    "T9: a snapshot that is garbage is reported, the join goes on, and the topic stays usable",
    arguments: garbage)
  func unreadable(bytes: ByteBuffer) async throws {
    let shelf = KeepingTransport.Shelf()
    shelf.keep(bytes)
    let network = MemoryNetwork()
    let errors = ErrorLog()
    let first = try await store(shelf, errors: errors, on: network)
    #expect(errors.codes == [.invalidSnapshot])
    try first.set("k", to: "v")
    #expect(first["k"] == "v")
    let second = try await store(shelf, nodeID: "b", on: network)
    try second.set("l", to: "v")
    // Another thread may be at what the second has to send.
    await eventually("the first has it, too") { first["l"] == "v" }
    try await first.close()
    try await second.close()
    // The next to come finds a good one.
    let third = try await store(shelf, nodeID: "c")
    #expect(third.snapshot().dictionary == ["k": "v", "l": "v"])
  }

  @Test(
    "A snapshot that only a later build can read is reported and never replaced",
    arguments: [
      ByteBuffer(string: #"{"v":2,"entries":{}}"#), ByteBuffer(bytes: [3, 4]), ByteBuffer(bytes: [2, 99]),
    ])
  func laterBuild(bytes: ByteBuffer) async throws {
    let shelf = KeepingTransport.Shelf()
    shelf.keep(bytes)
    let errors = ErrorLog()
    let pod = try await store(shelf, errors: errors)
    #expect(errors.codes == [.invalidSnapshot])
    try pod.set("k", to: "v")
    await #expect {
      try await pod.flush()
    } throws: { error in
      "\(error)".hasPrefix("invalidSnapshot: the snapshot that the transport keeps is not replaced: ")
    }
    try await pod.close()
    #expect(shelf.snapshot() == bytes)
    #expect(shelf.saves == 0)
  }

  @Test("T9: an entry that does not decode spoils nothing but itself, and is kept for those who can read it")
  func undecodable() async throws {
    let shelf = KeepingTransport.Shelf()
    let new = try await store(shelf)
    try new.setMany(["good": "v", "bad": "v2:x"])
    try await new.close()
    let errors = ErrorLog()
    let old = try await store(shelf, nodeID: "old", refusing: "v2:", errors: errors)
    #expect(old.snapshot().dictionary == ["good": "v"])
    #expect(errors.codes == [.undecodableValue])
    try old.set("more", to: "v")
    try await old.close()
    let newer = try await store(shelf, nodeID: "newer")
    #expect(newer.snapshot().dictionary == ["good": "v", "bad": "v2:x", "more": "v"])
  }

  @Test("Fetching that fails is reported and no obstacle to joining")
  func fetchFails() async throws {
    let shelf = KeepingTransport.Shelf()
    shelf.failFetching(with: TransportError(.failed, "no disk"))
    let errors = ErrorLog()
    let first = try await store(shelf, errors: errors)
    #expect(errors.codes == [.transport])
    try first.set("k", to: "v")
    #expect(first["k"] == "v")
  }

  @Test("T6: what cannot be fetched is not overwritten: a stale pod does not replace what it has not seen")
  func fetchFailsBeforeSave() async throws {
    let shelf = KeepingTransport.Shelf()
    let first = try await store(shelf)
    try first.set("k", to: "v")
    try await first.close()
    let kept = shelf.snapshot()
    shelf.failFetching(with: TransportError(.failed, "no disk"))
    let second = try await store(shelf, nodeID: "b")
    try second.set("other", to: "v")
    _ = await StoreError.code { try await second.flush() }
    #expect(shelf.snapshot() == kept)
    shelf.failFetching(with: nil)
    try await second.flush()
    try await second.close()
    let third = try await store(shelf, nodeID: "c")
    #expect(third.snapshot().dictionary == ["k": "v", "other": "v"])
  }

  @Test("T6: two pods that never hear of each other do not overwrite each other's entries")
  func twoWriters() async throws {
    let shelf = KeepingTransport.Shelf()
    let first = try await store(shelf, nodeID: "a")
    let second = try await store(shelf, nodeID: "b")
    try first.set("a", to: "1")
    try await first.flush()
    try second.set("b", to: "2")
    try await second.flush()
    #expect(second["a"] == "1")
    try await first.close()
    try await second.close()
    let third = try await store(shelf, nodeID: "c")
    #expect(third.snapshot().dictionary == ["a": "1", "b": "2"])
  }

  @Test("Saving that fails is an error of flush, and is tried again")
  func saveFails() async throws {
    let shelf = KeepingTransport.Shelf()
    let first = try await store(shelf)
    shelf.failSaving(with: TransportError(.failed, "disk full"))
    try first.set("k", to: "v")
    #expect(await StoreError.code { try await first.flush() } != nil)
    #expect(first["k"] == "v")
    shelf.failSaving(with: nil)
    try await first.flush()
    #expect(shelf.saves > 0)
    let second = try await store(shelf, nodeID: "b")
    #expect(second["k"] == "v")
  }

  @Test("What is kept a moment after a pod has joined is fetched too: a Go pod saves late")
  func keptLate() async throws {
    let shelf = KeepingTransport.Shelf()
    let first = try await store(shelf, nodeID: "a")
    let second = try await store(shelf, nodeID: "b")
    try second.set("k", to: "v")
    try await second.flush()
    await eventually("it was fetched again") { first["k"] == "v" }
  }

  @Test("What was kept while a pod was off the network is fetched when it is back")
  func keptMeanwhile() async throws {
    let shelf = KeepingTransport.Shelf()
    let transport = KeepingTransport(shelf)
    var configuration = StoreConfiguration<String>.picky(refusing: "nothing")
    configuration.joinTimeout = .zero
    configuration.snapshotInterval = .seconds(3_600)
    configuration.syncInterval = .seconds(3_600)
    let first = try await Store.join("topic", over: transport, configuration: configuration)
    transport.base.disconnect()
    let second = try await store(shelf, nodeID: "b")
    try second.set("k", to: "v")
    try await second.flush()
    #expect(first["k"] == nil)
    transport.base.connect()
    await eventually("it was fetched again") { first["k"] == "v" }
  }
}

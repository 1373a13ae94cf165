import NIOConcurrencyHelpers
import PodShare
import PodShareTestKit
import Testing

@Suite("P5: watch", .timeLimit(.minutes(1)))
struct WatchTests {
  /// What is left of a watch whose store has been closed.
  private func rest<Value>(_ watch: Watch<Value>) async throws -> [Event<Value>] {
    var events: [Event<Value>] = []
    for try await event in watch { events.append(event) }
    return events
  }

  @Test("One event for each visible change, in order, with all that it should say")
  func events() async throws {
    let (a, b) = try await MemoryNetwork().pods(of: Int.self)
    let watch = b.store.watch()
    var versions: [Version] = []
    versions.append(try a.store.set("k", to: 1))
    versions.append(try b.store.set("k", to: 1))  // The same value again is a change: it was written.
    versions.append(try a.store.delete("k"))
    try a.store.delete("k")  // Not visible.
    try a.store.delete("never there")
    try await a.store.flush()
    try await b.store.close()
    let events = try await rest(watch)
    let expected: [(Change<Int>, String)] = [(.set(1), "a"), (.set(1), "b"), (.delete, "a")]
    #expect(events.map(\.change) == expected.map(\.0))
    #expect(events.map(\.origin) == expected.map(\.1))
    #expect(events.map(\.key) == ["k", "k", "k"])
    #expect(events.map(\.version) == versions)
    #expect(events.map(\.timestamp) == versions.map(\.timestamp))
    try await a.store.close()
  }

  @Test("A write that changes nothing here is no event: doubled, superseded")
  func noEvent() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    var raw = RawPod(on: network)
    let old = raw.set("k", to: "1", at: .now().advanced(by: .seconds(-10)))
    let new = raw.set("k", to: "2", at: .now().advanced(by: .seconds(-5)))
    let watch = a.store.watch()
    for message in [new, new, old, new] { raw.send(message) }
    try await a.store.close()
    #expect(try await rest(watch).map(\.change) == [.set(2)])
    #expect(a.store.statistics.appliedWrites == 1)
    #expect(a.store.statistics.rejectedWrites == 3)
  }

  @Test("A batch is one event for each key that changed, by its last change")
  func batch() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    try a.store.set("there", to: 0)
    let watch = a.store.watch()
    try a.store.write { batch in
      batch.set("x", to: 1)
      batch.set("y", to: 1)
      batch.set("x", to: 2)
      batch.set("passing", to: 1)
      batch.delete("passing")
      batch.delete("there")
      batch.set("there", to: 3)
    }
    try await a.store.close()
    let events = try await rest(watch)
    #expect(events.map(\.key) == ["x", "y", "there"])
    #expect(events.map(\.change) == [.set(2), .set(1), .set(3)])
  }

  @Test("Scopes: one key, a prefix by its bytes, a predicate, everything")
  func scopes() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    let watches: [(String, Watch<Int>)] = [
      ("key", a.store.watch(.key("ws:1"))),
      ("prefix", a.store.watch(.prefix("ws:"))),
      ("matching", a.store.watch(.matching { $0.hasSuffix("1") })),
      ("all", a.store.watch()),
      ("composed", a.store.watch(.key("caf\u{e9}"))),
      ("composed prefix", a.store.watch(.prefix("caf\u{e9}"))),
      ("half a character", a.store.watch(.prefix("e"))),
    ]
    let keys = ["ws:1", "ws:2", "http:1", "caf\u{e9}", "cafe\u{301}", "e\u{301}", "ws"]
    for key in keys { try a.store.set(key, to: 1) }
    try await a.store.close()
    var seen: [String: [[UInt8]]] = [:]
    for (name, watch) in watches { seen[name] = try await rest(watch).map { Array($0.key.utf8) } }
    func bytes(_ indices: Int...) -> [[UInt8]] { indices.map { Array(keys[$0].utf8) } }
    #expect(seen["key"] == bytes(0))
    #expect(seen["prefix"] == bytes(0, 1))
    #expect(seen["matching"] == bytes(0, 2))
    #expect(seen["all"] == bytes(0, 1, 2, 3, 4, 5, 6))
    #expect(seen["composed"] == bytes(3))
    #expect(seen["composed prefix"] == bytes(3))
    #expect(seen["half a character"] == bytes(5))
  }

  @Test("The present state comes first, then what changes after it")
  func present() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    try a.store.setMany(["x": 1, "y": 2, "gone": 3])
    try a.store.delete("gone")
    let all = a.store.watch(from: .present)
    let one = a.store.watch(.key("y"), from: .present)
    let none = a.store.watch(.key("gone"), from: .present)
    let prefix = a.store.watch(.prefix("x"), from: .present)
    try a.store.set("x", to: 10)
    try a.store.delete("y")
    try await a.store.close()
    let events = try await rest(all)
    #expect(Set(events.prefix(2).map(\.key)) == ["x", "y"])
    #expect(Set(events.prefix(2).map(\.change.value)) == [1, 2])
    #expect(events.dropFirst(2).map(\.key) == ["x", "y"])
    #expect(events.dropFirst(2).map(\.change) == [.set(10), .delete])
    #expect(try await rest(one).map(\.change) == [.set(2), .delete])
    #expect(try await rest(none).isEmpty)
    #expect(try await rest(prefix).map(\.change) == [.set(1), .set(10)])
  }

  @Test("T23: a watcher that is busy while 500 events come misses none of them")
  func busy() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    let watch = a.store.watch()
    for value in 0..<500 { try a.store.set("k", to: value) }
    try await a.store.close()
    #expect(try await rest(watch).map(\.change.value) == Array(0..<500))
    #expect(a.store.statistics.watchersDropped == 0)
  }

  @Test("Too slow by one: the events that fitted come, then fellBehind, then nothing")
  func fellBehind() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    let slow = a.store.watch(buffering: .bounded(3))
    let exact = a.store.watch(buffering: .bounded(4))
    for value in 0..<4 { try a.store.set("k", to: value) }
    #expect(a.store.statistics.watchersDropped == 1)
    #expect(a.store.statistics.watchers == 1)
    #expect(a.errors.codes == [.fellBehind])

    var iterator = slow.makeAsyncIterator()
    for value in 0..<3 { #expect(try await iterator.next()?.change == .set(value)) }
    do {
      _ = try await iterator.next()
      Issue.record("it should have fallen behind")
    } catch {
      #expect(error.code == .fellBehind)
    }
    #expect(try await iterator.next() == nil)

    try await a.store.close()
    #expect(try await rest(exact).count == 4)
  }

  @Test("The default buffer holds 1,024 events")
  func defaultBuffer() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    let watch = a.store.watch()
    for value in 0..<1_024 { try a.store.set("k", to: value) }
    #expect(a.store.statistics.watchersDropped == 0)
    try a.store.set("k", to: 1_024)
    #expect(a.store.statistics.watchersDropped == 1)
    withExtendedLifetime(watch) {}
  }

  @Test("P7: a watcher that does not consume costs itself, nobody else")
  func slowWatcher() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    let slow = a.store.watch(buffering: .bounded(10))
    let quick = a.store.watch(buffering: .bounded(100_000))
    for value in 0..<5_000 { try a.store.set("k", to: value) }
    try await a.store.close()
    #expect(try await rest(quick).count == 5_000)
    await #expect(throws: StoreError.self) { try await rest(slow) }
  }

  @Test("The first state is no part of the buffer: however large, it cuts nobody off")
  func largePresent() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    try a.store.setMany((0..<5_000).map { ("\($0)", $0) })
    let watch = a.store.watch(from: .present, buffering: .bounded(1))
    try a.store.set("0", to: -1)
    try await a.store.close()
    let events = try await rest(watch)
    #expect(events.count == 5_001)
    #expect(events.last?.change == .set(-1))
  }

  @Test("With the newest per key only, a slow consumer skips what is outdated and is never cut off")
  func newestPerKey() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    try a.store.setMany(["there": 0, "overwritten": 0])
    let watch = a.store.watch(from: .present, buffering: .newestPerKey)
    for value in 1...5_000 {
      try a.store.set("x", to: value)
      try a.store.set("y", to: -value)
    }
    try a.store.set("overwritten", to: 1)
    try a.store.delete("x")
    try await a.store.close()
    let events = try await rest(watch)
    #expect(Dictionary(grouping: events, by: \.key).values.allSatisfy { $0.count == 1 })
    let changes = Dictionary(uniqueKeysWithValues: events.map { ($0.key, $0.change) })
    #expect(changes == ["there": .set(0), "overwritten": .set(1), "x": .delete, "y": .set(-5_000)])
  }

  @Test("Values of a key: the present one, then each newer one, nil while there is none")
  func values() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    try a.store.set("k", to: 1)
    var iterator = a.store.values(of: "k").makeAsyncIterator()
    #expect(await iterator.next() == .some(1))
    try a.store.set("k", to: 2)
    try a.store.set("other", to: 9)
    #expect(await iterator.next() == .some(2))
    try a.store.delete("k")
    #expect(await iterator.next() == .some(nil))
    try a.store.set("k", to: 3)
    try a.store.set("k", to: 4)
    #expect(await iterator.next() == .some(4))
    try await a.store.close()
    #expect(await iterator.next() == nil)

    var absent: [Int?] = []
    for await value in a.store.values(of: "never") { absent.append(value) }
    #expect(absent == [nil])
  }

  @Test(
    "What there was when a value sequence was made is skipped when there is something newer, which is not lost"
  )
  func valuesBetween() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    let values = a.store.values(of: "k")
    try a.store.set("k", to: 1)
    try await a.store.close()
    var seen: [Int?] = []
    for await value in values { seen.append(value) }
    #expect(seen == [1])
  }

  @Test(
    "With the newest per key only, what is written before an event is taken outdates it, also beside another watcher",
    arguments: [false, true])
  func newestWhenTaken(isAlone: Bool) async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    // It has what is gathered handed out early.
    let other = isAlone ? nil : a.store.watch(buffering: .bounded(10))
    var events = a.store.watch(buffering: .newestPerKey).makeAsyncIterator()
    let values = a.store.values(of: "0")
    for count in [1, 3, 50, 3_000] {
      for value in 0..<count { try a.store.set("\(value % 3)", to: value) }
      for _ in 0..<min(3, count) {
        let next = try await events.next()
        let event = try #require(next)
        #expect(event.change.value == a.store[event.key], "\(event.key) of \(count)")
      }
    }
    var iterator = values.makeAsyncIterator()
    #expect(await iterator.next() == .some(a.store["0"]))
    // Not outdated all at once, but one after the other.
    for value in 0..<3 { try a.store.set("\(value)", to: value) }
    for round in 0..<3 {
      let next = try await events.next()
      let event = try #require(next)
      #expect(event.change.value == a.store[event.key], "\(event.key) in round \(round)")
      for value in 0..<3 where "\(value)" != event.key { try a.store.set("\(value)", to: 100 + round) }
    }
    withExtendedLifetime(other) {}
  }

  @Test("A consumer that waits is woken by the next event")
  func waiting() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    let watch = a.store.watch(.key("k"))
    let first = Task { () -> Int? in
      for try await event in watch { return event.change.value }
      return nil
    }
    for value in 0..<3 { try a.store.set("k", to: value) }
    #expect(try await first.value == 0)
  }

  @Test("Cancelling the consuming task ends the sequence with nil, waiting or not")
  func cancellation() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    let watch = a.store.watch()
    let consumer = Task {
      var count = 0
      for try await _ in watch { count += 1 }
      return count
    }
    try a.store.set("k", to: 1)
    consumer.cancel()
    #expect(try await consumer.value <= 1)
    let late = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      var iterator = a.store.watch(from: .present).makeAsyncIterator()
      return try await iterator.next()
    }
    #expect(try await late.value == nil)
    let values = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      var iterator = a.store.values(of: "k").makeAsyncIterator()
      return await iterator.next()
    }
    #expect(await values.value == nil)
  }

  @Test("Closing the store ends the sequence with nil for whoever waits")
  func closing() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    let consumers = (0..<3).map { _ in
      let watch = a.store.watch()
      return Task {
        var count = 0
        for try await _ in watch { count += 1 }
        return count
      }
    }
    try a.store.set("k", to: 1)
    try await a.store.close()
    for consumer in consumers { #expect(try await consumer.value == 1) }
    #expect(a.store.statistics.watchers == 0)
  }

  @Test("Dropping the sequence and its iterators ends the watch")
  func dropping() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    do {
      let sequence = a.store.watch()
      let keyed = a.store.watch(.key("k"))
      let values = a.store.values(of: "k")
      #expect(a.store.statistics.watchers == 3)
      var iterator = sequence.makeAsyncIterator()
      try a.store.set("k", to: 1)
      _ = try await iterator.next()
      withExtendedLifetime((sequence, keyed, values)) {}
    }
    #expect(a.store.statistics.watchers == 0)
    do {
      var iterator = a.store.watch().makeAsyncIterator()
      #expect(a.store.statistics.watchers == 1)
      try a.store.set("k", to: 2)
      _ = try await iterator.next()
    }
    #expect(a.store.statistics.watchers == 0)
  }

  @Test("Several iterators share the events, each going to one of them")
  func sharing() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    let watch = a.store.watch()
    let seen = NIOLockedValueBox<[Int]>([])
    let consumers = (0..<4).map { _ in
      Task {
        for try await event in watch {
          if let value = event.change.value { seen.withLockedValue { $0.append(value) } }
        }
      }
    }
    for value in 0..<500 { try a.store.set("k", to: value) }
    try await a.store.close()
    for consumer in consumers { try await consumer.value }
    #expect(seen.withLockedValue { $0.sorted() } == Array(0..<500))
  }

  @Test("A predicate and a consumer may call the store")
  func reentrancy() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    let store = a.store
    let watch = store.watch(.matching { store[$0] != nil && store.statistics.keys > 0 })
    try store.set("k", to: 1)
    for try await event in watch {
      if event.key == "echo" { break }
      try store.set("echo", to: 2)
    }
    #expect(store["echo"] == 2)
  }
}

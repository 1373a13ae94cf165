import NIOConcurrencyHelpers
import NIOCore
import PodShare
import PodShareTestKit
import Testing

// The code of "Coming from the Go library": for every name of the Go library that needs no network, what it is here.

extension DocumentedCodeTests {
  @Suite("Coming from the Go library", .timeLimit(.minutes(1)))
  struct ComingFromGo {
    struct Limits: Codable, Equatable {
      var requestsPerSecond: Int
    }

    private func store(configure: (inout StoreConfiguration<Limits>) -> Void = { _ in }) throws -> Store<
      Limits
    > {
      var configuration = StoreConfiguration<Limits>()
      configure(&configuration)
      return try Store("limits", over: MemoryTransport(), configuration: configuration)
    }

    private func rest<Value>(_ watch: Watch<Value>) async throws -> [Event<Value>] {
      var events: [Event<Value>] = []
      for try await event in watch { events.append(event) }
      return events
    }

    // MARK: Making a store

    @Test("Go's New, NodeID, Topic: join(_:over:configuration:), nodeID, topic")
    func new() async throws {
      let transport = MemoryTransport()
      // shown
      var configuration = StoreConfiguration<Limits>()
      configuration.nodeID = "pod-7"
      let store = try await Store.join("limits", over: transport, configuration: configuration)
      print(store.nodeID, store.topic)  // pod-7 limits
      // end
      #expect(store.nodeID == "pod-7")
      #expect(store.topic == "limits")
      try await store.close()
      #expect(transport.isConnected)
    }

    @Test("Go's Close, CloseWithContext: close(), close(timeout:)")
    func close() async throws {
      let store = try store()
      let watch = store.watch()
      try store.set("global", to: Limits(requestsPerSecond: 1))
      // shown
      try await store.close(timeout: .milliseconds(500))
      // end
      try await store.close()
      #expect(store["global"] == Limits(requestsPerSecond: 1))
      #expect(try await rest(watch).count == 1)
      #expect(StoreError.code { try store.delete("global") } == .closed)
    }

    // MARK: Reading

    @Test("Go's Get: store[key], withValue(forKey:)")
    func get() async throws {
      let store = try store()
      try store.set("global", to: Limits(requestsPerSecond: 100))
      // shown
      let limits = store["global"]  // Limits?, nil if there is none
      let rate = store.withValue(forKey: "global") { $0.requestsPerSecond } ?? 0
      // end
      #expect(limits == Limits(requestsPerSecond: 100))
      #expect(rate == 100)
      try store.delete("global")
      #expect(store["global"] == nil && store["never"] == nil)
    }

    @Test("Go's Keys, Snapshot: keys, snapshot(), read(_:)")
    func snapshot() async throws {
      let store = try store()
      try store.setMany(["low": Limits(requestsPerSecond: 1), "high": Limits(requestsPerSecond: 9)])
      try store.delete("never there")
      // shown
      let keys = store.keys  // [String], in no order
      let snapshot = store.snapshot()  // the entries of this moment, each with its version
      let dictionary = snapshot.dictionary  // [String: Limits]
      let (low, high) = store.read { view in (view["low"], view["high"]) }  // both of one moment
      // end
      #expect(Set(keys) == ["low", "high"])
      try store.delete("low")
      #expect(snapshot.count { _ in true } == 2)
      #expect(dictionary == ["low": Limits(requestsPerSecond: 1), "high": Limits(requestsPerSecond: 9)])
      #expect(low?.requestsPerSecond == 1 && high?.requestsPerSecond == 9)
    }

    @Test("Go's Version: version(of:)")
    func version() async throws {
      let store = try store { $0.nodeID = "pod-7" }
      let written = try store.set("global", to: Limits(requestsPerSecond: 1))
      // shown
      if let version = store.version(of: "global") {  // nil if the key is absent or deleted
        print(version.timestamp, version.origin, version.sequence)
      }
      // end
      #expect(store.version(of: "global") == written)
      #expect(written.origin == "pod-7")
      try store.delete("global")
      #expect(store.version(of: "global") == nil && store.version(of: "never") == nil)
    }

    // MARK: Writing

    @Test("Go's Set, Delete, ErrBroadcast: set(_:to:), delete(_:), flush()")
    func set() async throws {
      let (a, b) = try await MemoryNetwork().pods(of: Limits.self)
      let store = a.store
      // shown
      try store.set("global", to: Limits(requestsPerSecond: 1_000))  // applied here, on its way to the others
      try store.delete("old")

      do {
        try await store.flush()  // only for whoever wants to wait until all of it has left this pod
      } catch {
        print(error)  // broadcastFailed: applied here, and sent to the others later
      }
      // end
      #expect(b.store["global"] == Limits(requestsPerSecond: 1_000))

      a.transport.disconnect()
      try store.set("global", to: Limits(requestsPerSecond: 2_000))
      #expect(store["global"] == Limits(requestsPerSecond: 2_000))
      #expect(await StoreError.code { try await store.flush() } == .broadcastFailed)
      #expect(store.statistics.unsentKeys == 1 && store.statistics.publishFailures > 0)
      #expect(a.errors.codes.contains(.publishFailed))
      a.transport.connect()
      try await store.flush()
      #expect(b.store["global"] == Limits(requestsPerSecond: 2_000))
    }

    @Test("Go's SetMany, DeleteMany: setMany(_:), deleteMany(_:), write(_:)")
    func setMany() async throws {
      let network = MemoryNetwork()
      let (a, b) = try await network.pods(of: Int.self)
      let tap = try await Tap(on: network)
      let store = a.store
      let users = ["ann", "bob"]
      // shown
      try store.setMany(["low": 1, "high": 9])
      try store.setMany(users.map { ("user:" + $0, 10) })  // any sequence of pairs
      try store.deleteMany(["user:ann", "user:bob"])
      try store.write { batch in  // sets and deletes together
        batch.set("low", to: 2)
        batch.delete("high")
      }
      // end
      try await store.flush()
      #expect(store.snapshot().dictionary == ["low": 2])
      #expect(b.store.contents == store.contents)
      #expect(tap.all.count == 4, "one message each")
    }

    @Test("Go's TrySet: trySet(_:to:ifVersion:)")
    func trySet() async throws {
      let store = try Store<Int>("numbers", over: MemoryTransport())
      try store.set("hits", to: 1)
      // shown
      let seen = store.version(of: "hits")  // nil for a key that is not there
      let value = (store["hits"] ?? 0) + 1
      if try store.trySet("hits", to: value, ifVersion: seen) == nil {
        print("it has changed on this pod since")
      }
      // end
      #expect(store["hits"] == 2)
      #expect(try store.trySet("hits", to: 3, ifVersion: seen) == nil)
      #expect(store["hits"] == 2)
      #expect(try store.trySet("new", to: 1, ifVersion: nil) != nil)
      #expect(try store.trySet("new", to: 2, ifVersion: nil) == nil)
      try store.delete("new")
      #expect(try store.trySet("new", to: 3, ifVersion: nil) != nil)
    }

    @Test("Go's Seed, ErrSeedNonEmpty: seed(_:asOf:)")
    func seed() async throws {
      let network = MemoryNetwork()
      let other: Pod<Limits> = try await network.pod("other", topic: "limits", isFirst: true)
      try other.store.set("global", to: Limits(requestsPerSecond: 2_000))
      let transport = MemoryTransport(on: network)
      let fromDatabase = ["global": Limits(requestsPerSecond: 1_000), "new": Limits(requestsPerSecond: 1)]
      // shown
      let store = try Store<Limits>("limits", over: transport)
      try store.seed(fromDatabase)  // stamped older than any write
      let running = Task { try await store.run() }  // joins; or by a service group
      // end
      await eventually("both hold the same") {
        store["global"]?.requestsPerSecond == 2_000 && other.store["new"]?.requestsPerSecond == 1
      }
      #expect(store.version(of: "new")?.timestamp == .earliest)
      #expect(StoreError.code { try store.seed(fromDatabase) } == .seedOnNonEmptyStore)
      running.cancel()
      try await running.value
    }

    @Test("A seed tells watchers, and what it is seeded with is a write over which any other wins")
    func seedAndWatch() async throws {
      let store = try store()
      let watch = store.watch()
      try store.seed(["global": Limits(requestsPerSecond: 1)])
      try store.set("global", to: Limits(requestsPerSecond: 2))
      try await store.close()
      #expect(try await rest(watch).map(\.change.value?.requestsPerSecond) == [1, 2])
    }

    @Test("Go's Refresh: refresh()")
    func refresh() async throws {
      let (a, b) = try await MemoryNetwork().pods(of: Set<String>.self) { $0.merge = Merge { $0.union($1) } }
      let store = b.store
      b.transport.disconnect()
      try store.set("room", to: ["ann"])
      try a.store.set("room", to: ["bob"])
      b.transport.connect()
      // shown
      try await store.refresh()
      // end
      #expect(store["room"] == ["ann", "bob"], "it merges, and replaces nothing")
      try await store.flush()
      await eventually("so does the other") { a.store["room"] == ["ann", "bob"] }
    }

    // MARK: Watching

    @Test("Go's Watch: watch(_:from:buffering:)")
    func watch() async throws {
      let store = try store()
      let seen = TestSignal()
      // shown
      let watching = Task {
        for try await event in store.watch(from: .present) {
          print(event.change, event.key, event.origin)
        }
      }
      // end
      // shown
      watching.cancel()  // in the place of cancelling the context
      // end
      try await watching.value
      let consumer = Task { [watch = store.watch()] in
        for try await event in watch {
          #expect(event.key == "global" && event.origin == store.nodeID)
          seen.send()
        }
      }
      try store.set("global", to: Limits(requestsPerSecond: 1))
      await seen.wait()
      consumer.cancel()
      try await consumer.value
      await eventually("nobody watches") { store.statistics.watchers == 0 }
    }

    @Test("Go's WatchKey, WatchPrefix, WatchFilter: .key(_:), .prefix(_:), .matching(_:)")
    func scopes() async throws {
      let store = try store()
      // shown
      let one = store.watch(.key("alice"))
      let some = store.watch(.prefix("ws:"))
      let even = store.watch(.matching { $0.utf8.count.isMultiple(of: 2) })
      let sets = store.watch(.prefix("ws:")).filter { $0.change.value != nil }  // as any sequence
      // end
      for key in ["alice", "ws:1", "ws:12", "bob"] { try store.set(key, to: Limits(requestsPerSecond: 1)) }
      try store.delete("ws:12")
      try await store.close()
      #expect(try await rest(one).map(\.key) == ["alice"])
      #expect(try await rest(some).map(\.key) == ["ws:1", "ws:12", "ws:12"])
      #expect(try await rest(even).map(\.key) == ["ws:1"])
      var keys: [String] = []
      for try await event in sets { keys.append(event.key) }
      #expect(keys == ["ws:1", "ws:12"])
    }

    @Test("A watcher of Go's that is dropped: fellBehind, or newestPerKey")
    func slow() async throws {
      let store = try store()
      let applied = NIOLockedValueBox<[Int?]>([])
      func apply(_ event: Event<Limits>) {
        applied.withLockedValue { $0.append(event.change.value?.requestsPerSecond) }
      }
      func follow(_ store: Store<Limits>) async {
        // shown
        while true {
          do {
            for try await event in store.watch(from: .present) { apply(event) }
            return  // the store was closed, or the task cancelled
          } catch {
            print(error)  // fellBehind. Once more, from what is there now
          }
        }
        // end
      }
      // shown
      let newest = store.watch(.prefix("user:"), buffering: .newestPerKey)  // is never cut off
      // end
      let slow = store.watch(buffering: .bounded(2))
      for rate in 1...3 { try store.set("user:1", to: Limits(requestsPerSecond: rate)) }
      #expect(store.statistics.watchersDropped == 1)
      var iterator = slow.makeAsyncIterator()
      #expect(try await iterator.next()?.change == .set(Limits(requestsPerSecond: 1)))
      #expect(try await iterator.next()?.change == .set(Limits(requestsPerSecond: 2)))
      await #expect(throws: StoreError.self) { try await iterator.next() }

      let following = Task { await follow(store) }
      await eventually("it has begun") { applied.withLockedValue { $0 == [3] } }
      try await store.close()
      await following.value
      #expect(try await rest(newest).map(\.change) == [.set(Limits(requestsPerSecond: 3))])
    }

    @Test("A filter of Go's takes up no buffer for what it refuses; .matching does")
    func matchingTakesUpBuffer() async throws {
      let store = try store()
      let matching = store.watch(.matching { $0 == "wanted" }, buffering: .bounded(2))
      let prefix = store.watch(.prefix("wanted"), buffering: .bounded(2))
      for key in ["a", "b", "c", "wanted"] { try store.set(key, to: Limits(requestsPerSecond: 1)) }
      try await store.close()
      await #expect(throws: StoreError.self) { try await rest(matching) }
      #expect(try await rest(prefix).map(\.key) == ["wanted"])
    }

    @Test("What Go has not: values(of:)")
    func values() async throws {
      let store = try store()
      let seen = NIOLockedValueBox<[Int?]>([])
      func update(_ limits: Limits?) { seen.withLockedValue { $0.append(limits?.requestsPerSecond) } }
      try store.set("global", to: Limits(requestsPerSecond: 1))
      let following = Task {
        // shown
        for await limits in store.values(of: "global") {  // what is there now, then each newer one
          update(limits)
        }
        // end
      }
      await eventually("the present one") { seen.withLockedValue { $0 == [1] } }
      try store.delete("global")
      await eventually("none") { seen.withLockedValue { $0 == [1, nil] } }
      try await store.close()
      await following.value
    }

    // MARK: Options

    @Test("Go's options: StoreConfiguration")
    func options() async throws {
      let logger = LogRecorder().logger
      // shown
      var configuration = StoreConfiguration<Set<String>>(codec: JSONCodec())
      configuration.nodeID = "pod-7"
      configuration.watchBuffer = 10_000
      configuration.snapshotInterval = .seconds(1)
      configuration.gcInterval = .seconds(60)
      configuration.tombstoneTTL = .seconds(7 * 24 * 60 * 60)
      configuration.maxClockSkew = .seconds(5)
      configuration.merge = Merge { present, incoming in present.union(incoming) }
      configuration.onError = { error in print(error) }
      configuration.logger = logger
      // end
      let store = try await Store.join("members", over: MemoryTransport(), configuration: configuration)
      #expect(store.nodeID == "pod-7")
      try store.set("room", to: ["ann"])
      try store.set("room", to: ["bob"])
      #expect(store["room"] == ["ann", "bob"])
      try await store.close()
    }

    @Test("The defaults of Go's options, and what they may not be")
    func defaults() async throws {
      let configuration = StoreConfiguration<Limits>()
      #expect(configuration.codec is JSONCodec<Limits>)
      #expect(configuration.nodeID == nil && configuration.merge == nil)
      #expect(configuration.onError == nil && configuration.logger == nil)
      #expect(configuration.watchBuffer == 1_024)
      #expect(configuration.snapshotInterval == .milliseconds(200))
      #expect(configuration.gcInterval == .seconds(5 * 60))
      #expect(configuration.tombstoneTTL == .seconds(24 * 60 * 60))
      #expect(configuration.maxClockSkew == .seconds(60))
      #expect(configuration.wireFormat == .newest)
      #expect(StoreError.code { _ = try store { $0.gcInterval = .zero } } == .invalidConfiguration)
      #expect(try store().nodeID != store().nodeID)
    }

    @Test("Go's WithErrorHandler, WithLogger: both are told of the same errors; calling the store is fine")
    func errorHandler() async throws {
      let log = LogRecorder()
      let errors = ErrorLog()
      let box = NIOLockedValueBox<Store<Limits>?>(nil)
      let network = MemoryNetwork()
      var configuration = StoreConfiguration<Limits>()
      configuration.joinTimeout = .zero
      // shown
      configuration.onError = { error in
        switch error.code {
        case .undecodableValue: print("an entry is kept undecoded:", error.key ?? "", error.peer ?? "")
        default: print(error)
        }
      }
      // end
      let shown = configuration.onError
      configuration.logger = log.logger
      configuration.onError = { error in
        shown?(error)
        errors.record(error)
        if let store = box.withLockedValue({ $0 }) {
          #expect(store.statistics.errors == 1)
          _ = try? store.set("from the handler", to: Limits(requestsPerSecond: 1))
        }
      }
      let store = try await Store.join(
        "limits", over: MemoryTransport(on: network), configuration: configuration)
      box.withLockedValue { $0 = store }
      _ = MemoryTransport(on: network).publish(ByteBuffer(string: #"{"v":1,"kind":"touch"}"#), to: "limits")
      #expect(errors.codes == [.invalidMessage])
      #expect(log.messages.count == 1)
      #expect(store.keys == ["from the handler"])
      box.withLockedValue { $0 = nil }
      try await store.close()
    }
  }
}

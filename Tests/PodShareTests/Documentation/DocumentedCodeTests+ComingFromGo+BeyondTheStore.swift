import Foundation
import NIOConcurrencyHelpers
import NIOCore
import PodShare
import PodShareTestKit
import Testing

// The second half of the code of "Coming from the Go library": what is counted, reported, encoded and carried.

extension DocumentedCodeTests.ComingFromGo {
  @Suite("Codecs, events, statistics, errors, transports, mixed fleets", .timeLimit(.minutes(1)))
  struct BeyondTheStore {
    // MARK: Codecs

    @Test("Go's WithCodec, JSONCodec, StrictJSONCodec: StoreConfiguration(codec:)")
    func codecs() async throws {
      let network = MemoryNetwork()
      // shown
      struct Flag: Codable {
        var enabled: Bool
        var note: String?
      }

      let permissive = StoreConfiguration<Flag>()  // JSONCodec
      let strict = StoreConfiguration(codec: StrictJSONCodec<Flag>())
      // end
      struct NewerFlag: Codable {
        var enabled: Bool
        var rollout: Int?
      }
      let newer = try await network.pod("newer", of: NewerFlag.self, isFirst: true)
      let a = try await network.pod("permissive", configuration: permissive)
      let b = try await network.pod("strict", configuration: strict)
      try newer.store.set("checkout", to: NewerFlag(enabled: false))
      let version = try newer.store.set("checkout", to: NewerFlag(enabled: true, rollout: 25))
      try await newer.store.flush()
      #expect(a.store["checkout"]?.enabled == true)
      // What does not decode is kept, reads show the last value that did.
      #expect(b.store["checkout"]?.enabled == false)
      #expect(b.store.version(of: "checkout") == version)
      #expect(b.store.statistics.opaqueEntries == 1)
      #expect(b.errors.codes == [.undecodableValue])
      // And passed on as it came.
      try await newer.store.close()
      try await a.store.close()
      let joining = try await network.pod("joining", of: NewerFlag.self)
      #expect(joining.store["checkout"]?.rollout == 25)
    }

    @Test("Go's Codec: Codec")
    func ownCodec() async throws {
      // shown
      struct Percent: Sendable {
        var value: UInt8
      }

      struct PercentCodec: Codec {
        struct NotAPercentage: Error {}

        func encode(_ percent: Percent, into buffer: inout ByteBuffer) throws {
          guard percent.value <= 100 else { throw NotAPercentage() }
          buffer.writeInteger(percent.value)
        }

        func decode(_ bytes: ByteBuffer) throws -> Percent {
          guard let value = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self),
            bytes.readableBytes == 1, value <= 100
          else { throw NotAPercentage() }
          return Percent(value: value)
        }
      }

      let configuration = StoreConfiguration(codec: PercentCodec())
      // end
      let network = MemoryNetwork()
      let a = try await network.pod("a", isFirst: true, configuration: configuration)
      let b = try await network.pod("b", configuration: configuration)
      try a.store.set("rollout", to: Percent(value: 25))
      #expect(StoreError.code { try a.store.set("rollout", to: Percent(value: 101)) } == .encodingFailed)
      try await a.store.flush()
      #expect(b.store["rollout"]?.value == 25)
    }

    // MARK: Events, statistics, errors

    @Test("Go's Event, EventKind: Event, Change")
    func events() async throws {
      let (a, b) = try await MemoryNetwork().pods(of: Int.self)
      let store = a.store
      let watch = store.watch()
      let version = try b.store.set("k", to: 5)
      try b.store.delete("k")
      try b.store.delete("never there")
      try await b.store.flush()
      try await store.close()
      var seen: [Change<Int>] = []
      for try await event in watch {
        // shown
        switch event.change {
        case .set(let value): print(event.key, "is now", value, "by", event.origin)
        case .delete: print(event.key, "is gone since", event.timestamp)
        }
        let isMine = event.origin == store.nodeID
        // end
        #expect(!isMine && event.origin == "b" && event.key == "k")
        if seen.isEmpty { #expect(event.timestamp == version.timestamp && event.version == version) }
        seen.append(event.change)
      }
      #expect(seen == [.set(5), .delete], "a key that was not there is no event")
    }

    @Test("Go's Stats: statistics")
    func statistics() async throws {
      let shelf = KeepingTransport.Shelf()
      let network = MemoryNetwork()
      let other: Pod<Int> = try await network.pod("other", isFirst: true)
      var configuration = StoreConfiguration<Int>()
      configuration.joinTimeout = .seconds(50)
      configuration.tombstoneTTL = .milliseconds(1)
      configuration.gcInterval = .milliseconds(10)
      let store = try await Store.join(
        "topic", over: KeepingTransport(shelf, on: network), configuration: configuration)
      let before = store.statistics
      try store.setMany(["a": 1, "b": 2])
      try store.delete("b")
      try other.store.set("c", to: 3)
      try await other.store.flush()
      await eventually("tombstones are collected") { store.statistics.tombstonesCollected == 1 }
      _ = store["a"]
      _ = store.withValue(forKey: "c") { $0 }
      _ = store.version(of: "a")
      _ = store.keys
      let watches = (store.watch(), store.watch(.key("d"), buffering: .bounded(1)))
      try store.set("d", to: 4)
      try store.set("d", to: 5)
      try await store.flush()
      // shown
      let statistics = store.statistics
      print(statistics.keys, statistics.localWrites, statistics.appliedWrites, statistics.watchersDropped)
      // end
      #expect(statistics.localWrites == 5)
      #expect(statistics.appliedWrites == before.appliedWrites + 1)
      #expect(statistics.rejectedWrites == before.rejectedWrites)
      #expect(statistics.reads == 2)
      #expect(statistics.eventsDispatched == 6)
      #expect(statistics.watchers == 1)
      #expect(statistics.watchersDropped == 1)
      #expect(statistics.keys == 3)
      #expect(statistics.tombstones == 0)
      #expect(statistics.tombstonesCollected == 1)
      #expect(statistics.snapshotsSaved > 0)
      #expect(statistics.snapshotBytes >= UInt64(shelf.snapshot()?.readableBytes ?? 0))
      withExtendedLifetime(watches) {}
      try await store.close()
    }

    @Test("A write that is known already is rejected, and counted")
    func rejected() async throws {
      let network = MemoryNetwork()
      let tap = try await Tap(on: network)
      let (a, b): (Pod<Int>, Pod<Int>) = try await network.pods()
      try a.store.set("k", to: 1)
      let message = try #require(tap.all.last)
      let before = b.store.statistics.rejectedWrites
      _ = MemoryTransport(on: network).publish(message, to: "topic")
      #expect(b.store.statistics.rejectedWrites == before + 1)
    }

    @Test("Go's ErrClosed, ErrBroadcast, ErrSeedNonEmpty: StoreError.Code")
    func errors() async throws {
      let store = try Store<Int>("numbers", over: MemoryTransport())
      try store.set("k", to: 1)
      try await store.close()
      var isClosed = false
      // shown
      do {
        try store.set("k", to: 2)
      } catch {
        switch error.code {
        case .closed: isClosed = true  // nothing was written
        default: print(error)
        }
      }
      // end
      #expect(isClosed)
      #expect(store["k"] == 1)
    }

    @Test("Go's ProtocolVersion: WireFormat.newest")
    func protocolVersion() {
      // shown
      let version = WireFormat.newest.rawValue  // UInt8
      // end
      #expect(version == 2)
      #expect(WireFormat.allCases.map(\.rawValue) == [1, 2])
    }

    // MARK: Transports

    @Test("Go's NewMemoryTransport: MemoryTransport, one for each pod, on a MemoryNetwork")
    func memoryTransport() async throws {
      // shown
      let network = MemoryNetwork()
      let a = try await Store<Int>.join("numbers", over: MemoryTransport(on: network))
      let b = try await Store<Int>.join("numbers", over: MemoryTransport(on: network))
      // end
      try a.set("k", to: 1)
      try await a.flush()
      #expect(b["k"] == 1)
      try await a.close()
      try await b.close()
    }

    @Test("Go's Transport: Transport")
    func ownTransport() async throws {
      let network = MemoryNetwork()
      // shown
      /// Passes on what another transport does, and prints what goes out.
      struct PrintingTransport: Transport {
        let base: any Transport

        func publish(_ message: ByteBuffer, to topic: String) -> PublishOutcome {
          let outcome = base.publish(message, to: topic)
          print(message.readableBytes, "bytes to", topic, outcome)
          return outcome
        }

        func drain() async throws(TransportError) {
          try await base.drain()
        }

        func subscribe(
          to topic: String, onEvent: @escaping @Sendable (TransportEvent) -> Void
        ) async throws(TransportError) -> TransportSubscription {
          try await base.subscribe(to: topic, onEvent: onEvent)
        }

        func close() async throws(TransportError) {
          try await base.close()
        }
      }
      // end
      let transport = PrintingTransport(base: MemoryTransport(on: network))
      let other: Pod<Int> = try await network.pod("other", isFirst: true)
      try other.store.set("k", to: 1)
      var configuration = StoreConfiguration<Int>()
      configuration.joinTimeout = .seconds(50)
      // Two stores on one topic over one transport, and a topic that is joined again.
      let store = try await Store.join("topic", over: transport, configuration: configuration)
      let second = try await Store.join("topic", over: transport, configuration: configuration)
      #expect(store["k"] == 1 && second["k"] == 1)
      try await store.close()
      let again = try await Store.join("topic", over: transport, configuration: configuration)
      #expect(again["k"] == 1)
      try await second.close()
      try await again.close()
      try await transport.close()
    }

    // MARK: What behaves differently on purpose

    @Test("A write behind the stored timestamp wins, by set, delete and trySet")
    func behindTheStoredTimestamp() throws {
      let clock = TestClock()
      var configuration = StoreConfiguration<Int>()
      configuration.time = clock.time
      let store = try Store("numbers", over: MemoryTransport(), configuration: configuration)
      try store.set("k", to: 1)
      clock.jump(by: .seconds(-30))
      try store.set("k", to: 2)
      #expect(store["k"] == 2)
      #expect(try store.trySet("k", to: 3, ifVersion: store.version(of: "k")) != nil)
      #expect(store["k"] == 3)
      try store.delete("k")
      #expect(store["k"] == nil)
    }

    @Test("In merge mode a set that had not heard of a delete does not undo it, whatever its time")
    func epochs() async throws {
      let clock = TestClock()
      let (a, b) = try await MemoryNetwork().pods(of: Set<String>.self) {
        $0.merge = Merge { $0.union($1) }
        $0.time.now = { clock.now }
      }
      try a.store.set("room", to: ["ann"])
      b.transport.disconnect()
      try a.store.delete("room")
      clock.jump(by: .seconds(1))
      let later = try b.store.set("room", to: ["bob"])
      #expect(b.store["room"] == ["ann", "bob"])
      b.transport.connect()
      try await b.store.refresh()
      try await b.store.flush()
      await eventually("both are equal") { a.store["room"] == nil && b.store["room"] == nil }
      try a.store.set("room", to: ["cid"])
      await eventually("it reaches the other") { b.store["room"] == ["cid"] }
      #expect(try #require(b.store.version(of: "room")) > later)
    }

    // MARK: Swift pods beside Go pods

    @Test("Values have the same JSON, and what is written is wire version 1")
    func besideGo() async throws {
      let network = MemoryNetwork()
      let tap = try await Tap("limits", on: network)
      let transport = MemoryTransport(on: network)
      // shown
      struct Limits: Codable {
        var requestsPerSecond: Int
        var burst: Int?

        enum CodingKeys: String, CodingKey {
          case requestsPerSecond = "requests_per_second"
          case burst
        }
      }

      var configuration = StoreConfiguration<Limits>()
      configuration.wireFormat = .v1  // until the last Go pod is gone
      let store = try await Store.join("limits", over: transport, configuration: configuration)
      // end
      let go = MemoryTransport(on: network)
      let value = Data(#"{"requests_per_second":100,"unknown":true}"#.utf8).base64EncodedString()
      let event =
        #"{"v":1,"kind":"set","key":"global","value":"\#(value)","origin":"go","timestamp":"2026-05-28T10:00:00Z","seq":1}"#
      _ = go.publish(ByteBuffer(string: event), to: "limits")
      #expect(store["global"]?.requestsPerSecond == 100)

      try store.setMany(["a": Limits(requestsPerSecond: 5), "b": Limits(requestsPerSecond: 6)])
      try await store.flush()
      struct Event: Decodable {
        var v: Int
        var key: String
        var value: Data
      }
      let written = try tap.all.dropFirst().map {
        try JSONDecoder().decode(Event.self, from: Data($0.readableBytesView))
      }
      #expect(written.map(\.v) == [1, 1] && Set(written.map(\.key)) == ["a", "b"])
      let value0 = try #require(written.first { $0.key == "a" }).value
      #expect(String(decoding: value0, as: UTF8.self) == #"{"requests_per_second":5}"#)
      try await store.close()
    }

    @Test("While the format is being changed, pods of either read both")
    func changingTheFormat() async throws {
      let network = MemoryNetwork()
      let old = try await network.pod("old", of: Int.self, isFirst: true) { $0.wireFormat = .v1 }
      let new = try await network.pod("new", of: Int.self)
      try old.store.setMany(["a": 1, "b": 2])
      try new.store.setMany(["b": 3, "c": 4])
      #expect(old.store.contents == new.store.contents)
      #expect(new.store.snapshot().dictionary == ["a": 1, "b": 3, "c": 4])
      #expect(old.errors.codes == [] && new.errors.codes == [])
    }

    @Test("A pod among Go pods alone takes over what their transport keeps: when it joins and when it saves")
    func keptSnapshot() async throws {
      func kept(_ entries: String) -> ByteBuffer { ByteBuffer(string: #"{"v":1,"entries":{\#(entries)}}"#) }
      func entry(_ key: String) -> String {
        #""\#(key)":{"value":"Nw==","timestamp":"2026-01-02T03:04:05Z","origin":"go","seq":1}"#
      }
      let shelf = KeepingTransport.Shelf()
      shelf.keep(kept(entry("before")))
      var configuration = StoreConfiguration<Int>()
      configuration.wireFormat = .v1
      configuration.joinTimeout = .zero
      let store = try await Store.join("topic", over: KeepingTransport(shelf), configuration: configuration)
      #expect(store["before"] == 7)
      #expect(!store.isCaughtUp)

      shelf.keep(kept(entry("before") + "," + entry("later")))
      try await store.refresh()
      #expect(store["later"] == nil, "it asks other pods only")
      try store.set("own", to: 1)
      try await store.flush()
      #expect(store["later"] == 7)
      try await store.close()
    }

    @Test("How Foundation's JSON differs from what Go's encoding/json writes and expects")
    func json() throws {
      struct Row: Codable, Equatable {
        var at: Date
        var bytes: Data
        var missing: Int?
      }
      let codec = JSONCodec<Row>()
      var buffer = ByteBuffer()
      try codec.encode(
        Row(at: Date(timeIntervalSinceReferenceDate: 5), bytes: Data([1, 2]), missing: nil), into: &buffer)
      let text = String(buffer: buffer)
      #expect(text.contains(#""at":5"#), "a number of seconds since 2001, where Go has RFC 3339")
      #expect(text.contains(#""bytes":"AQI=""#), "as Go does")
      #expect(!text.contains("missing"), "left out, which Go reads as the zero value")
      #expect(throws: (any Error).self, "names match exactly, while Go's decoder takes any case") {
        _ = try codec.decode(ByteBuffer(string: #"{"At":5,"Bytes":"AQI="}"#))
      }
      #expect(throws: (any Error).self, "Go's null for a nil slice") {
        _ = try JSONCodec<[String: [Int]]>().decode(ByteBuffer(string: #"{"a":null}"#))
      }
    }
  }
}

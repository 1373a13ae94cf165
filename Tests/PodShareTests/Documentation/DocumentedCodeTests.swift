import Foundation
import Logging
import NIOCore
import PodShare
import ServiceLifecycle
import Testing
import UnixSignals

// The code of the README, of "Getting started" and of the landing page. What stands between the marks is compiled here,
// run where it ends by itself, and compared with the pages by `DocumentationPagesTests`.

@Suite("The documentation's code")
struct DocumentedCodeTests {
  @Test("README: quick start")
  func quickStart() async throws {
    // shown
    struct Limits: Codable {
      var requestsPerSecond: Int
    }

    let network = MemoryNetwork()
    let a = try await Store<Limits>.join("limits", over: MemoryTransport(on: network))
    let b = try await Store<Limits>.join("limits", over: MemoryTransport(on: network))

    try a.set("global", to: Limits(requestsPerSecond: 1_000))  // here at once, and on its way to b
    try await a.flush()  // for those who want to wait: it has left this pod
    print(b["global"]?.requestsPerSecond ?? 0)  // 1000

    let changes = a.watch(.prefix("user:"))
    try b.set("user:42", to: Limits(requestsPerSecond: 50))
    for try await event in changes {
      print(event.key, event.change, "by", event.origin)
      break
    }

    try await a.close()
    try await b.close()
    // end
    #expect(b["global"]?.requestsPerSecond == 1_000)
    #expect(a["user:42"]?.requestsPerSecond == 50)
  }

  @Test("README: merge mode")
  func mergeMode() async throws {
    let transport = MemoryTransport()
    // shown
    var configuration = StoreConfiguration<Set<String>>()
    configuration.merge = Merge { $0.union($1) }
    let members = try await Store.join("members", over: transport, configuration: configuration)
    // end
    try members.set("room", to: ["ann"])
    try members.set("room", to: ["bob"])
    #expect(members["room"] == ["ann", "bob"])
  }

  @Test("Conflict resolution: merge mode")
  func mergeConfiguration() {
    // shown
    var configuration = StoreConfiguration<Set<String>>()
    configuration.merge = Merge { $0.union($1) }
    // end
    _ = configuration
  }

  @Test("Landing page")
  func landingPage() async throws {
    struct Config: Codable {
      var rateLimit: Int
    }
    let transport = MemoryTransport()
    func show() async throws {
      // shown
      let store = try await Store<Config>.join("config", over: transport)

      try store.set("global", to: Config(rateLimit: 1000))
      let config = store["global"]

      for try await event in store.watch(.prefix("ws:")) {
        print(event.change, event.key, event.origin)
      }
      // end
      _ = config
    }
    _ = show
  }

  @Test("Getting started: share a dictionary, read, write")
  func sharing() async throws {
    // shown
    let network = MemoryNetwork()
    let a = try await Store<Int>.join("limits", over: MemoryTransport(on: network))
    let b = try await Store<Int>.join("limits", over: MemoryTransport(on: network))

    try a.set("requests", to: 100)  // here at once, and on its way to b
    try await a.flush()  // for those who want to wait: it has left this pod
    print(b["requests"] ?? 0)  // 100
    // end
    #expect(b["requests"] == 100)

    let store = b
    do {
      // shown
      let limit = store["requests"]  // nil if there is none
      let all = store.snapshot()  // all entries as they are at this moment
      for entry in all {
        print(entry.key, entry.value, entry.version.origin)
      }
      let sum = store.read { view in (view["requests"] ?? 0) + (view["uploads"] ?? 0) }
      // end
      #expect(limit == 100)
      #expect(sum == 100)
    }
    // shown
    try store.set("requests", to: 200)
    try store.setMany(["requests": 200, "uploads": 10])
    try store.delete("uploads")

    // Sets and deletes that belong together.
    try store.write { batch in
      batch.set("downloads", to: 50)
      batch.delete("requests")
    }

    // Only if nobody has changed it on this pod since.
    let version = store.version(of: "downloads")
    if try store.trySet("downloads", to: 60, ifVersion: version) == nil {
      print("it has changed meanwhile")
    }
    // end
    try await store.flush()
    #expect(a.snapshot().dictionary == ["downloads": 60])
  }

  @Test("Getting started: watch")
  func watching() async throws {
    let store = try Store<Int>("limits", over: MemoryTransport())
    try store.set("user:1", to: 1)
    let events = Task {
      // shown
      for try await event in store.watch(.prefix("user:"), from: .present) {
        switch event.change {
        case .set(let value): print(event.key, "is now", value, "by", event.origin)
        case .delete: print(event.key, "is gone")
        }
      }
      // end
    }
    let values = Task {
      // shown
      for await limit in store.values(of: "requests") {
        print("the limit is now", limit ?? 100)
      }
      // end
    }
    try await store.close()
    try await events.value
    await values.value
  }

  @Test("Getting started: run it in a service")
  func service() async throws {
    let transport = MemoryTransport()
    let logger = Logger(label: "documentation")
    struct Server: Service {
      func run() async throws {}
    }
    let server = Server()
    func show() async throws {
      // shown
      let store = try Store<Int>("limits", over: transport)
      let group = ServiceGroup(
        services: [store, server], gracefulShutdownSignals: [.sigterm], logger: logger)
      try await group.run()
      // end
    }
    _ = show
  }

  @Test("Getting started: a codec")
  func codec() async throws {
    let transport = MemoryTransport()
    // shown
    struct Color {
      var rgb: UInt32
    }

    struct ColorCodec: Codec {
      struct WrongLength: Error {}

      func encode(_ color: Color, into buffer: inout ByteBuffer) {
        buffer.writeInteger(color.rgb)
      }

      func decode(_ bytes: ByteBuffer) throws -> Color {
        var bytes = bytes
        guard bytes.readableBytes == 4, let rgb = bytes.readInteger(as: UInt32.self) else {
          throw WrongLength()
        }
        return Color(rgb: rgb)
      }
    }

    let colors = try Store("colors", over: transport, configuration: StoreConfiguration(codec: ColorCodec()))
    // end
    try colors.set("sky", to: Color(rgb: 0x88aaff))
    #expect(colors["sky"]?.rgb == 0x88aaff)
  }

  @Test("Getting started: test code")
  func testCode() async throws {
    // shown
    let network = MemoryNetwork()
    let cable = MemoryTransport(on: network)
    let a = try await Store<Int>.join("limits", over: MemoryTransport(on: network))
    let b = try await Store<Int>.join("limits", over: cable)

    cable.disconnect()
    try a.set("requests", to: 1)
    try b.set("uploads", to: 2)
    cable.connect()

    try await b.refresh()  // It catches up by itself; this waits for it.
    try await b.flush()
    print(b["requests"] ?? 0, a["uploads"] ?? 0)  // 1 2
    // end
    #expect(b["requests"] == 1)
    #expect(a["uploads"] == 2)
  }
}

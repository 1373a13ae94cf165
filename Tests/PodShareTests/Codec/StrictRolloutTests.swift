import NIOCore
import PodShare
import Testing

/// An old and a new build in one fleet.
@Suite("A field that only the new build knows", .timeLimit(.minutes(1)))
struct StrictRolloutTests {
  struct Old: Codable, Sendable, Equatable {
    struct Limit: Codable, Sendable, Equatable {
      var rate: Int
    }

    var name: String
    var limits: [Limit]
  }

  struct New: Codable, Sendable, Equatable {
    struct Limit: Codable, Sendable, Equatable {
      var rate: Int
      var colour: String?
    }

    var name: String
    var limits: [Limit]
  }

  private static let plain = New(name: "a", limits: [.init(rate: 1)])
  private static let coloured = New(name: "b", limits: [.init(rate: 2), .init(rate: 3, colour: "red")])

  @Test("a strict pod reports it with its path, shows the last value, and forwards the entry")
  func strict() async throws {
    let network = MemoryNetwork()
    let new = try await network.pod("new", of: New.self, isFirst: true)
    let old = try await network.pod("old", configuration: StoreConfiguration(codec: StrictJSONCodec<Old>()))
    try new.store.set("k", to: Self.plain)
    let shown = Old(name: "a", limits: [.init(rate: 1)])
    #expect(old.store["k"] == shown)
    let version = try new.store.set("k", to: Self.coloured)

    #expect(old.errors.codes == [.undecodableValue])
    let report = try #require(old.errors.first(.undecodableValue))
    #expect(report.message.contains("unknown member `colour` at `limits[1]`"), "\(report)")
    #expect(report.key == "k")
    #expect(report.peer == "new")
    #expect(old.store["k"] == shown)
    #expect(old.store.version(of: "k") == version)
    #expect(old.store.statistics.opaqueEntries == 1)

    // Only the old pod is left to tell the next one.
    try await new.store.close()
    let newer = try await network.pod("newer", of: New.self)
    #expect(newer.store["k"] == Self.coloured)
    #expect(newer.store.version(of: "k") == version)

    try newer.store.set("k", to: Self.plain)
    #expect(old.store["k"] == shown)
    #expect(old.store.statistics.opaqueEntries == 0)
  }

  @Test("a permissive pod reads on, and loses the field for all if it writes the value back")
  func permissive() async throws {
    let network = MemoryNetwork()
    let new = try await network.pod("new", of: New.self, isFirst: true)
    let old = try await network.pod("old", of: Old.self)
    try new.store.set("k", to: Self.coloured)
    var value = try #require(old.store["k"])
    #expect(value == Old(name: "b", limits: [.init(rate: 2), .init(rate: 3)]))
    value.name = "c"
    try old.store.set("k", to: value)
    #expect(new.store["k"] == New(name: "c", limits: [.init(rate: 2), .init(rate: 3, colour: nil)]))
    #expect(old.errors.codes == [] && new.errors.codes == [])
  }

  @Test("a permissive pod hands it on without the field to a pod that catches up from it")
  func handedOn() async throws {
    let network = MemoryNetwork()
    let new = try await network.pod("new", of: New.self, isFirst: true)
    let old = try await network.pod("old", of: Old.self)
    let version = try new.store.set("k", to: Self.coloured)
    try await new.store.close()
    let newer = try await network.pod("newer", of: New.self)
    #expect(newer.store["k"] == New(name: "b", limits: [.init(rate: 2), .init(rate: 3, colour: nil)]))
    #expect(newer.store.version(of: "k") == version)
    withExtendedLifetime(old) {}
  }

  @Test("a strict pod takes part once it knows the field, before anybody writes it")
  func twoPhases() async throws {
    let network = MemoryNetwork()
    let writer = try await network.pod(
      "writer", isFirst: true, configuration: StoreConfiguration(codec: StrictJSONCodec<New>()))
    let old = try await network.pod("old", configuration: StoreConfiguration(codec: StrictJSONCodec<Old>()))
    // The first phase: builds that know the field, and write none.
    try writer.store.set("k", to: Self.plain)
    #expect(old.store["k"] == Old(name: "a", limits: [.init(rate: 1)]))
    try old.store.set("k", to: Old(name: "c", limits: []))
    #expect(writer.store["k"] == New(name: "c", limits: []))
    // The second, when all know it.
    try await old.store.close()
    let reader = try await network.pod(
      "reader", configuration: StoreConfiguration(codec: StrictJSONCodec<New>()))
    try writer.store.set("k", to: Self.coloured)
    #expect(reader.store["k"] == Self.coloured)
    #expect([writer, reader].flatMap { $0.errors.codes } == [] && old.errors.codes == [])
  }
}

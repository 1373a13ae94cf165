import NIOCore
import PodShareTestKit
import Testing

@testable import PodShare

@Suite("What was replaced is freed after the store was closed, too, when the last who held it lets go")
struct MemoryAfterCloseTests {
  private struct CountedCodec: Codec {
    let census: Counted.Census

    func encode(_ value: Counted, into buffer: inout ByteBuffer) { buffer.writeInteger(value.number) }

    func decode(_ bytes: ByteBuffer) throws -> Counted {
      census.new(try #require(bytes.getInteger(at: bytes.readerIndex)))
    }
  }

  private static let keys = (0..<3_000).map { "key \($0)" }

  private let census = Counted.Census()
  private let clock = TestClock()

  private func join() async throws -> Store<Counted> {
    var configuration = StoreConfiguration(codec: CountedCodec(census: census))
    configuration.time = clock.time
    configuration.joinTimeout = .zero
    return try await Store.join(
      "topic", over: MemoryTransport(on: MemoryNetwork()), configuration: configuration)
  }

  private func writeAll(_ store: Store<Counted>, _ number: Int) throws {
    for key in Self.keys { try store.set(key, to: census.new(number)) }
  }

  /// Lets a few sync intervals pass.
  private func expectOnlyPresentValues(in store: Store<Counted>) async throws {
    for _ in 0..<3 where census.alive > Self.keys.count {
      await eventually("it sleeps between its looks") { clock.sleepers == 1 }
      clock.advance(by: store.core.configuration.syncInterval)
      await eventually("it has had its look") { clock.sleepers == 1 || census.alive == Self.keys.count }
    }
    await eventually("what was replaced is freed, and nobody sleeps any more") {
      census.alive == Self.keys.count && clock.sleepers == 0
    }
    #expect(store[Self.keys[0]]?.number == 2)
  }

  @Test("A snapshot that outlives the closing")
  func snapshot() async throws {
    let store = try await join()
    try writeAll(store, 1)
    do {
      let snapshot = store.snapshot()
      try writeAll(store, 2)
      try await store.close()
      clock.advance(by: .seconds(100))
      #expect(census.alive == 2 * Self.keys.count)
      #expect(snapshot[Self.keys[0]]?.number == 1)
    }
    try await expectOnlyPresentValues(in: store)
  }

  @Test("A read that outlives it")
  func read() async throws {
    let store = try await join()
    try writeAll(store, 1)
    let section = store.core.table.cells.enter()
    try writeAll(store, 2)
    try await store.close()
    clock.advance(by: .seconds(100))
    #expect(census.alive == 2 * Self.keys.count)
    section.end()
    try await expectOnlyPresentValues(in: store)
  }

  @Test("Nobody: it is freed at once")
  func nobody() async throws {
    let store = try await join()
    for number in 1...2 { try writeAll(store, number) }
    try await store.close()
    await eventually("it is free") { census.alive == Self.keys.count && clock.sleepers == 0 }
    withExtendedLifetime(store) {}
  }

  @Test("A store that is dropped while a snapshot is still there leaves no task behind, and then no value")
  func dropped() async throws {
    var snapshot: StoreSnapshot<Counted>?
    do {
      let store = try await join()
      try writeAll(store, 1)
      snapshot = store.snapshot()
      try writeAll(store, 2)
      try await store.close()
      await eventually("it sleeps between its looks") { clock.sleepers == 1 }
    }
    await eventually("nobody sleeps") { clock.sleepers == 0 }
    #expect(snapshot?[Self.keys[0]]?.number == 1)
    snapshot = nil
    await eventually("nothing is left") { census.alive == 0 }
  }
}

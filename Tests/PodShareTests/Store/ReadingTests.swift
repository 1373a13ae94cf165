import PodShare
import PodShareTestKit
import Testing

@Suite("Reading and writing", .timeLimit(.minutes(1)))
struct ReadingTests {
  @Test("Every way to write shows in every way to read")
  func everything() async throws {
    let (a, b) = try await MemoryNetwork().pods(of: Int.self)
    let version = try a.store.set("a", to: 1)
    try a.store.setMany(["b": 2, "c": 3])
    try a.store.setMany([("d", 4), ("e", 5)])
    try a.store.delete("b")
    try a.store.deleteMany(["c", "never"])
    let count = try a.store.write { batch in
      batch.set("f", to: 6)
      batch.delete("e")
      return 2
    }
    #expect(count == 2)
    for store in [a.store, b.store] {
      #expect(store.snapshot().dictionary == ["a": 1, "d": 4, "f": 6])
      #expect(Set(store.keys) == ["a", "d", "f"])
      #expect(store.count == 3)
      #expect(store["a"] == 1 && store["b"] == nil)
      #expect(store.version(of: "a") == version)
      #expect(store.version(of: "b") == nil)
      #expect(store.withValue(forKey: "d") { $0 * 2 } == 8)
      #expect(store.withValue(forKey: "b") { $0 * 2 } == nil)
      #expect(store.read { view in (view["a"] ?? 0) + (view["f"] ?? 0) } == 7)
      #expect(store.statistics.tombstones == 4)
    }
    #expect(version.origin == "a")
    #expect(a.store.snapshot().map(\.version).contains(version))
  }

  @Test("A snapshot does not change with later writes")
  func snapshot() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    try a.store.setMany(["x": 1, "y": 2])
    let before = a.store.snapshot()
    try a.store.set("x", to: 10)
    try a.store.delete("y")
    try a.store.set("z", to: 3)
    #expect(before.dictionary == ["x": 1, "y": 2])
    #expect(before["z"] == nil)
    #expect(Array(before).count == 2)
  }

  @Test("Closures that read may call the store, and what they throw comes out")
  func reentrancy() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    try a.store.set("k", to: 1)
    try a.store.withValue(forKey: "k") { _ = try a.store.set("k", to: $0 + 1) }
    try a.store.read { view throws in _ = try a.store.set("k", to: (view["k"] ?? 0) + 1) }
    #expect(a.store["k"] == 3)
    #expect(throws: CodecFailure.self) { try a.store.withValue(forKey: "k") { _ in throw CodecFailure() } }
    #expect(throws: CodecFailure.self) {
      try a.store.read { _ throws(CodecFailure) -> Void in throw CodecFailure() }
    }
  }

  @Test("trySet writes only over the version it was given")
  func trySet() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    let first = try a.store.trySet("k", to: 1, ifVersion: nil)
    #expect(first != nil)
    #expect(try a.store.trySet("k", to: 2, ifVersion: nil) == nil)
    let second = try a.store.trySet("k", to: 2, ifVersion: first)
    #expect(second != nil)
    #expect(try a.store.trySet("k", to: 3, ifVersion: first) == nil)
    #expect(a.store["k"] == 2)
    try a.store.delete("k")
    #expect(try a.store.trySet("k", to: 4, ifVersion: second) == nil)
    #expect(try a.store.trySet("k", to: 4, ifVersion: nil) != nil)
    #expect(a.store.statistics.localWrites == 4)
  }

  @Test("T25: what the caller changes later in what it passed does not show: arrays")
  func arrays() async throws {
    let (a, b) = try await MemoryNetwork().pods(of: [Int].self)
    var value = [1, 2]
    try a.store.set("k", to: value)
    value.append(3)
    #expect(a.store["k"] == [1, 2] && b.store["k"] == [1, 2])
  }

  @Test("T25: nor in an instance of a class, in any method that writes")
  func instances() async throws {
    let network = MemoryNetwork()
    let configuration = StoreConfiguration<Box>(codec: BoxCodec())
    let a = try await network.pod("a", isFirst: true, configuration: configuration)
    let b = try await network.pod("b", configuration: configuration)
    let watch = a.store.watch()
    let box = Box("original")
    try a.store.set("set", to: box)
    try a.store.setMany(["many": box])
    _ = try a.store.trySet("try", to: box, ifVersion: nil)
    try a.store.write { $0.set("batch", to: box) }
    box.text = "changed"
    for store in [a.store, b.store] {
      #expect(store.count == 4)
      #expect(store.snapshot().allSatisfy { $0.value.text == "original" })
    }
    try await a.store.close()
    for try await event in watch { #expect(event.change.value?.text == "original") }

    let seeded = try Store("topic", over: MemoryTransport(), configuration: configuration)
    box.text = "original"
    try seeded.seed(["seed": box])
    box.text = "changed"
    #expect(seeded["seed"]?.text == "original")
  }
}

import PodShare
import Testing

/// What every storage must do, and both do alike.
@Suite("Storage")
struct StorageTests {
  private static func entry(_ value: Int, _ sequence: UInt64) -> StoredEntry<Int> {
    StoredEntry(
      version: Version(
        timestamp: .earliest, author: PodIdentity(nodeID: "a", incarnation: 0), sequence: sequence),
      content: .value(value))
  }

  private func check(_ storage: consuming some EntryStorage<Int> & ~Copyable) {
    #expect(storage.count == 0)
    #expect(storage.entry(forKey: Key("a")) == nil)
    storage.commit(Self.entry(1, 1), forKey: Key("a"))
    let before = storage.snapshot()
    storage.commit([Key("a"): Self.entry(2, 2), Key("b"): Self.entry(3, 3)])
    #expect(storage.count == 2)
    #expect(storage.entry(forKey: Key("a"))?.value == 2)
    #expect(before.mapValues(\.value) == [Key("a"): 1])
    storage.remove(forKey: Key("a"))
    storage.remove(forKey: Key("never"))
    #expect(storage.snapshot().mapValues(\.value) == [Key("b"): 3])
  }

  @Test("A dictionary keeps entries, and its snapshots do not change")
  func dictionary() {
    check(DictionaryStorage<Int>())
  }

  @Test("A locked table keeps entries, and its snapshots do not change")
  func lockedTable() {
    check(LockedTable<Int>.Writer(LockedTable()))
  }

  @Test("A locked table counts reads of single keys")
  func reads() {
    let table = LockedTable<Int>()
    _ = table.value(forKey: Key("a"))
    _ = table.value(forKey: Key("a"))
    _ = table.snapshot()
    #expect(table.reads == 2)
  }
}

import PodShare
import PodShareTestKit
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
    #expect(contents(before) == [Key("a"): 1])
    storage.remove(forKey: Key("a"))
    storage.remove(forKey: Key("never"))
    #expect(contents(storage.snapshot()) == [Key("b"): 3])
  }

  private func contents(_ snapshot: some Sequence<(key: Key, value: StoredEntry<Int>)>) -> [Key: Int?] {
    Dictionary(uniqueKeysWithValues: snapshot.map { ($0.key, $0.value.value) })
  }

  @Test("A dictionary keeps entries, and its snapshots do not change")
  func dictionary() {
    check(DictionaryStorage<Int>())
  }

  @Test("A table keeps entries, and its snapshots do not change")
  func table() {
    check(Table<Int>.Writer(Table()))
  }

  @Test("A table counts reads of single keys")
  func reads() {
    let table = Table<Int>()
    _ = table.value(forKey: "a")
    _ = table.value(forKey: "a")
    _ = table.entry(forKey: Key("a"))
    _ = table.snapshot()
    #expect(table.reads == 2)
  }
}

/// Entries in a plain dictionary, for one thread: the storage of the simulated network.
package struct DictionaryStorage<Value: Sendable>: EntryStorage, ~Copyable {
  private var entries: [Key: StoredEntry<Value>] = [:]

  package init() {}

  package var count: Int { entries.count }

  package func entry(forKey key: Key) -> StoredEntry<Value>? {
    entries[key]
  }

  package mutating func commit(_ entry: StoredEntry<Value>, forKey key: Key) {
    entries[key] = entry
  }

  package mutating func commit(_ changes: [Key: StoredEntry<Value>]) {
    entries.merge(changes) { _, new in new }
  }

  package mutating func remove(forKey key: Key) {
    entries[key] = nil
  }

  package func snapshot() -> [Key: StoredEntry<Value>] {
    entries
  }
}

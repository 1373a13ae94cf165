/// Entries in a plain dictionary, for one thread: what every other storage must do alike.
package struct DictionaryStorage<Value: Sendable>: EntryStorage, ~Copyable {
  private var entries: [Key: StoredEntry<Value>] = [:]
  private var buckets = BucketIndex<Key>()

  package init() {}

  package var count: Int { entries.count }

  package func place(of key: Key) -> Key { key }

  package func entry(at place: Key) -> StoredEntry<Value>? { entries[place] }

  // So that a replica goes the long way with this storage, and the short one with a table: they must come to the same.
  package func occupant(of place: Key) -> Occupant {
    entries[place] == nil ? .nothing : .other
  }

  // A snapshot is a copy, which nobody makes while a commit is under way.
  package mutating func begin() {}

  package mutating func put(_ value: Value, _ version: Version, forKey key: Key, at place: Key) {
    put(StoredEntry(version: version, content: .value(value)), forKey: key, at: place)
  }

  package mutating func put(_ entry: StoredEntry<Value>, forKey key: Key, at place: Key) {
    if entries.updateValue(entry, forKey: key) == nil { buckets.insert(key, hash: StableHash.hash(key)) }
  }

  package mutating func publish() {}

  package mutating func remove(forKey key: Key) {
    if entries.removeValue(forKey: key) != nil { buckets.remove(key, hash: StableHash.hash(key)) }
  }

  package func snapshot() -> [Key: StoredEntry<Value>] {
    entries
  }

  package func forEachEntry(
    inBucket prefix: UInt64, bits: Int, _ body: (Key, StoredEntry<Value>) throws -> Void
  ) rethrows {
    try buckets.forEach(inBucket: prefix, bits: bits) { key, _ in
      if let entry = entries[key] { try body(key, entry) }
    }
  }

  package mutating func tidy() -> Leftovers { .none }
}

/// Where a replica keeps its entries: one writer, which is the replica that owns it.
///
/// Small on purpose. A storage that is also read by other threads decides on its own how they see it; all that it
/// must keep is that one `commit` becomes visible to snapshots as a whole.
package protocol EntryStorage<Value>: ~Copyable {
  associatedtype Value: Sendable
  /// In no order.
  associatedtype Snapshot: Sequence<(key: Key, value: StoredEntry<Value>)>, Sendable
  /// Where a key is, or would be put: until the storage changes.
  associatedtype Place

  /// The number of entries, tombstones included.
  var count: Int { get }

  /// Where a key is, for several things to be done there that need not look for it again. O(1).
  func place(of key: Key) -> Place

  /// The entry there, tombstones included. O(1).
  func entry(at place: Place) -> StoredEntry<Value>?

  /// What is there, as far as numbers tell. O(1).
  func occupant(of place: Place) -> Occupant

  /// Begins a commit of entries, which snapshots see all together or not at all.
  mutating func begin()

  /// Puts one entry of a commit that has begun; ``entry(at:)`` returns it at once. O(1).
  mutating func put(_ entry: StoredEntry<Value>, forKey key: Key, at place: Place)

  /// Puts a value that was written under this version, and of which there is nothing more to say. O(1).
  mutating func put(_ value: Value, _ version: Version, forKey key: Key, at place: Place)

  /// Ends a commit that has begun. O(entries put).
  mutating func publish()

  /// Forgets an entry altogether: only for tombstones whose time is over. O(1).
  mutating func remove(forKey key: Key)

  /// All entries, tombstones included, as they are at this moment. O(1).
  func snapshot() -> Snapshot

  /// Passes all entries, tombstones included, of a bucket: those of whose keys' ``StableHash`` the first `bits` bits are
  /// those of `prefix`. O(entries passed), in no order; 0 bits pass all entries.
  func forEachEntry(
    inBucket prefix: UInt64, bits: Int, _ body: (Key, StoredEntry<Value>) throws -> Void
  ) rethrows

  /// Does some of what was put off in order that writes are quick. Returns what there is left of it.
  mutating func tidy() -> Leftovers
}

/// What is still to be tidied up.
package enum Leftovers {
  case none
  /// Something that waits for readers or snapshots, who may take their time.
  case held
  /// Something that can be done now.
  case ready
}

extension EntryStorage where Self: ~Copyable {
  /// The entry under a key, tombstones included. O(1).
  package func entry(forKey key: Key) -> StoredEntry<Value>? {
    entry(at: place(of: key))
  }

  /// Puts one entry of a commit that has begun. O(1).
  package mutating func put(_ entry: StoredEntry<Value>, forKey key: Key) {
    put(entry, forKey: key, at: place(of: key))
  }

  /// Puts one entry. O(1).
  package mutating func commit(_ entry: StoredEntry<Value>, forKey key: Key) {
    commit(entry, forKey: key, at: place(of: key))
  }

  /// Puts one entry. O(1).
  package mutating func commit(_ entry: StoredEntry<Value>, forKey key: Key, at place: Place) {
    begin()
    put(entry, forKey: key, at: place)
    publish()
  }

  /// Puts a value that was written under this version, and of which there is nothing more to say. O(1).
  package mutating func commit(_ value: Value, _ version: Version, forKey key: Key, at place: Place) {
    begin()
    put(value, version, forKey: key, at: place)
    publish()
  }

  /// Puts several entries, which snapshots see all together or not at all. O(entries).
  package mutating func commit(_ entries: some Sequence<(key: Key, value: StoredEntry<Value>)>) {
    begin()
    for (key, entry) in entries { put(entry, forKey: key) }
    publish()
  }
}

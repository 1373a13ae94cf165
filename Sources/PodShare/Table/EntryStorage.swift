/// Where a replica keeps its entries: one writer, which is the replica that owns it.
///
/// Small on purpose. A storage that is also read by other threads decides on its own how they see it; all that it
/// must keep is that one `commit` becomes visible to snapshots as a whole.
package protocol EntryStorage<Value>: ~Copyable {
  associatedtype Value: Sendable

  /// The number of entries, tombstones included.
  var count: Int { get }

  /// The entry under a key, tombstones included. O(1).
  func entry(forKey key: Key) -> StoredEntry<Value>?

  /// Puts one entry. O(1).
  mutating func commit(_ entry: StoredEntry<Value>, forKey key: Key)

  /// Puts several entries, which snapshots see all together or not at all. O(entries).
  mutating func commit(_ entries: [Key: StoredEntry<Value>])

  /// Forgets an entry altogether: only for tombstones whose time is over. O(1).
  mutating func remove(forKey key: Key)

  /// All entries, tombstones included, as they are at this moment.
  func snapshot() -> [Key: StoredEntry<Value>]
}

/// What was there when a watch began, handed out entry by entry: the consumer's own, so that a long look through it
/// keeps nobody waiting who has an event to tell.
struct PresentEntries<Value: Sendable>: Sendable {
  private var entries: Dictionary<Key, StoredEntry<Value>>.Iterator?

  init(_ entries: [Key: StoredEntry<Value>]?) {
    self.entries = entries?.makeIterator()
  }

  /// The next entry that `scope` is about, as the event of its last write.
  mutating func next(in scope: WatchScope) -> Event<Value>? {
    while let (key, entry) = entries?.next() {
      guard let value = entry.value, scope.admits(key.string) else { continue }
      return Event(
        change: .set(value), key: key.string, origin: entry.version.origin,
        timestamp: entry.version.timestamp,
        version: entry.version)
    }
    entries = nil
    return nil
  }

  /// Lets go of the entries.
  mutating func removeAll() {
    entries = nil
  }
}

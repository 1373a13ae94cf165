/// What was there when a watch began, handed out entry by entry: the consumer's own, so that a long look through it
/// keeps nobody waiting who has an event to tell.
enum PresentEntries: Sendable {
  case none
  case one(Key, StoredEntry<ErasedValue>)
  case all(TableSnapshot.Iterator)

  /// The next entry that `scope` is about, as the event of its last write.
  mutating func next(in scope: WatchScope) -> SharedEvent<ErasedValue>? {
    while let (key, entry) = next() {
      guard let value = entry.value, scope.admits(key.string) else { continue }
      return SharedEvent(
        Event(
          change: .set(value), key: key.string, origin: entry.version.origin,
          timestamp: entry.version.timestamp, version: entry.version))
    }
    return nil
  }

  private mutating func next() -> (Key, StoredEntry<ErasedValue>)? {
    switch self {
    case .none: return nil
    case .one(let key, let entry):
      self = .none
      return (key, entry)
    case .all(var entries):
      self = .none  // So that it is advanced in place, and let go of after its end.
      guard let next = entries.next() else { return nil }
      self = .all(entries)
      return next
    }
  }
}

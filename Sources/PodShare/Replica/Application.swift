/// The changes of one message or one batch about several keys, worked out but not yet in the table: they go in all at once.
struct Application<Value: Sendable> {
  struct Change {
    var entry: StoredEntry<Value>
    /// What the table holds; nil if nothing.
    let previous: StoredEntry<Value>?
    /// The latest write that had an effect.
    var write: Write<Value>
  }

  /// One for each key, in the order of their first writes.
  private(set) var changes: [Change] = []
  /// Where those are.
  private var places: [Key: Int] = [:]

  func pending(_ key: Key) -> StoredEntry<Value>? {
    places[key].map { changes[$0].entry }
  }

  mutating func put(_ entry: StoredEntry<Value>, over current: StoredEntry<Value>?, by write: Write<Value>) {
    if let place = places[write.key] {
      changes[place].entry = entry
      changes[place].write = write
    } else {
      places[write.key] = changes.count
      changes.append(Change(entry: entry, previous: current, write: write))
    }
  }
}

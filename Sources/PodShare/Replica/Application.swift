/// The changes of one message or one batch, worked out but not yet in the table: they go in all at once.
struct Application<Value: Sendable> {
  struct Change {
    let key: Key
    var entry: StoredEntry<Value>
    /// What the table holds; nil if nothing.
    let previous: StoredEntry<Value>?
    /// The latest write that had an effect.
    var write: Write<Value>
  }

  // Nearly every message is about one key; that needs no memory.
  private(set) var first: Change?
  /// Those of other keys, in the order of their first writes.
  private(set) var others: [Change] = []
  /// Where those are.
  private var places: [Key: Int] = [:]

  func pending(_ key: Key) -> StoredEntry<Value>? {
    guard let first else { return nil }
    return first.key == key ? first.entry : places[key].map { others[$0].entry }
  }

  mutating func put(_ entry: StoredEntry<Value>, over current: StoredEntry<Value>?, by write: Write<Value>) {
    guard let key = first?.key else {
      first = Change(key: write.key, entry: entry, previous: current, write: write)
      return
    }
    if key == write.key {
      first?.entry = entry
      first?.write = write
    } else if let place = places[write.key] {
      others[place].entry = entry
      others[place].write = write
    } else {
      places[write.key] = others.count
      others.append(Change(key: write.key, entry: entry, previous: current, write: write))
    }
  }
}

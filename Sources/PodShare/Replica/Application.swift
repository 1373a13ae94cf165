/// The changes of one message or one batch, worked out but not yet in the table: they go in all at once.
struct Application<Value: Sendable> {
  struct Change {
    var entry: StoredEntry<Value>
    /// What the table holds; nil if nothing.
    let previous: StoredEntry<Value>?
    /// The latest write that had an effect.
    var write: Write<Value>
  }

  // Nearly every message is about one key; that needs no dictionary.
  enum Changes {
    case none
    case one(Key, Change)
    case many([Key: Change])
  }

  private(set) var changes = Changes.none
  private var order: [Key] = []

  func pending(_ key: Key) -> StoredEntry<Value>? {
    switch changes {
    case .none: nil
    case .one(let present, let change): present == key ? change.entry : nil
    case .many(let changes): changes[key]?.entry
    }
  }

  mutating func put(_ entry: StoredEntry<Value>, over current: StoredEntry<Value>?, by write: Write<Value>) {
    switch changes {
    case .none:
      changes = .one(write.key, Change(entry: entry, previous: current, write: write))
    case .one(let key, var change) where key == write.key:
      change.entry = entry
      change.write = write
      changes = .one(key, change)
    case .one(let key, let change):
      order = [key, write.key]
      changes = .many([key: change, write.key: Change(entry: entry, previous: current, write: write)])
    case .many(var all):
      changes = .none  // So that the dictionary is changed in place.
      if let index = all.index(forKey: write.key) {
        all.values[index].entry = entry
        all.values[index].write = write
      } else {
        order.append(write.key)
        all[write.key] = Change(entry: entry, previous: current, write: write)
      }
      changes = .many(all)
    }
  }

  /// Each key once, in the order of their first writes.
  func forEachChange(_ body: (Key, Change) -> Void) {
    switch changes {
    case .none: break
    case .one(let key, let change): body(key, change)
    case .many(let all):
      for key in order {
        if let change = all[key] { body(key, change) }
      }
    }
  }
}

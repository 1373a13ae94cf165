import NIOConcurrencyHelpers

/// A table that any number of threads read while the replica writes it.
///
/// A dictionary behind a lock that is held for one look-up or one put, and never while anything is encoded, merged
/// or told. A snapshot shares the dictionary until the next write, which then copies it.
package final class LockedTable<Value: Sendable>: Sendable {
  private struct State {
    var entries: [Key: StoredEntry<Value>] = [:]
    var reads: UInt64 = 0
  }

  private let state = NIOLockedValueBox(State())

  package init() {}

  /// How often `value(forKey:)` was called.
  package var reads: UInt64 { state.withLockedValue { $0.reads } }

  /// What reads show under a key. O(1).
  package func value(forKey key: Key) -> Value? {
    state.withLockedValue { state in
      state.reads += 1
      return state.entries[key]?.value
    }
  }

  /// The entry under a key, tombstones included. O(1).
  package func entry(forKey key: Key) -> StoredEntry<Value>? {
    state.withLockedValue { $0.entries[key] }
  }

  /// All entries, tombstones included, as they are at this moment. O(1); the next write pays for the copy.
  package func snapshot() -> [Key: StoredEntry<Value>] {
    state.withLockedValue { $0.entries }
  }

  /// The writer's side of the table. Exactly one is made, for the replica.
  package struct Writer: EntryStorage, ~Copyable {
    private let table: LockedTable<Value>

    package init(_ table: LockedTable<Value>) {
      self.table = table
    }

    package var count: Int { table.state.withLockedValue { $0.entries.count } }

    package func entry(forKey key: Key) -> StoredEntry<Value>? {
      table.entry(forKey: key)
    }

    package mutating func commit(_ entry: StoredEntry<Value>, forKey key: Key) {
      table.state.withLockedValue { $0.entries[key] = entry }
    }

    package mutating func commit(_ changes: [Key: StoredEntry<Value>]) {
      table.state.withLockedValue { state in
        for (key, entry) in changes { state.entries[key] = entry }
      }
    }

    package mutating func remove(forKey key: Key) {
      table.state.withLockedValue { $0.entries[key] = nil }
    }

    package func snapshot() -> [Key: StoredEntry<Value>] {
      table.snapshot()
    }
  }
}

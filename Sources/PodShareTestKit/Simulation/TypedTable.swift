package import PodShare

/// A table of the stores', with values of a known type: for tests and simulations.
///
/// A store's replica knows no types; what a test compares has one.
extension Table {
  package var reads: UInt64 { erased.reads }

  /// The entry under a key, tombstones included.
  package func entry(forKey key: Key) -> StoredEntry<Value>? {
    erased.entry(forKey: key).map { StoredEntry($0) }
  }

  /// All entries, tombstones included, as they are at this moment.
  package func snapshot() -> TypedTableSnapshot<Value> {
    TypedTableSnapshot(entries: erased.snapshot())
  }

  package func freeUnreachable() {
    erased.freeUnreachable()
  }

  /// The table's writer, with values of a known type.
  package struct Writer: EntryStorage, ~Copyable {
    private var writer: ErasedTable.Writer
    private let type: ValueType

    package init(_ table: Table<Value>) {
      writer = ErasedTable.Writer(table.erased)
      type = table.erased.type
    }

    package var count: Int { writer.count }

    package func snapshot() -> TypedTableSnapshot<Value> {
      TypedTableSnapshot(entries: writer.snapshot())
    }

    package func forEachEntry(
      inBucket prefix: UInt64, bits: Int, _ body: (Key, StoredEntry<Value>) throws -> Void
    ) rethrows {
      try writer.forEachEntry(inBucket: prefix, bits: bits) { try body($0, StoredEntry($1)) }
    }

    package func place(of key: Key) -> ErasedTable.Writer.Place { writer.place(of: key) }

    package func entry(at place: ErasedTable.Writer.Place) -> StoredEntry<Value>? {
      writer.entry(at: place).map { StoredEntry($0) }
    }

    package func occupant(of place: ErasedTable.Writer.Place) -> Occupant { writer.occupant(of: place) }

    package mutating func put(
      _ entry: StoredEntry<Value>, forKey key: Key, at place: ErasedTable.Writer.Place
    ) {
      writer.put(entry.erased(forKey: key, as: type), forKey: key, at: place)
    }

    package mutating func put(
      _ value: Value, _ version: Version, forKey key: Key, at place: ErasedTable.Writer.Place
    ) {
      writer.put(ErasedValue(value, forKey: key, as: type), version, forKey: key, at: place)
    }

    package mutating func begin() {
      writer.begin()
    }

    package mutating func publish() {
      writer.publish()
    }

    package mutating func remove(forKey key: Key) {
      writer.remove(forKey: key)
    }

    package mutating func tidy() -> Leftovers {
      writer.tidy()
    }
  }
}

/// A ``TableSnapshot`` with values of a known type.
package struct TypedTableSnapshot<Value: Sendable>: Sequence, Sendable {
  fileprivate let entries: TableSnapshot

  package subscript(key: Key) -> StoredEntry<Value>? {
    entries[key].map { StoredEntry($0) }
  }

  package func makeIterator() -> Iterator {
    Iterator(entries: entries.makeIterator())
  }

  package struct Iterator: IteratorProtocol {
    fileprivate var entries: TableSnapshot.Iterator

    package mutating func next() -> (key: Key, value: StoredEntry<Value>)? {
      entries.next().map { ($0.key, StoredEntry($0.value)) }
    }
  }

  /// O(entries).
  package var dictionary: [Key: StoredEntry<Value>] {
    Dictionary(uniqueKeysWithValues: lazy.map { ($0.key, $0.value) })
  }
}

extension StoredEntry {
  fileprivate init(_ entry: StoredEntry<ErasedValue>) {
    let content: Content =
      switch entry.content {
      case .value(let value): .value(value.value(as: Value.self))
      case .tombstone(let time): .tombstone(deletedAt: time)
      case .opaque(let writes, let readable):
        .opaque(
          writes, readable: readable.map { .init(value: $0.value.value(as: Value.self), version: $0.version) }
        )
      }
    self.init(version: entry.version, epoch: entry.epoch, content: content, fingerprint: entry.fingerprint)
  }

  fileprivate func erased(forKey key: Key, as type: ValueType) -> StoredEntry<ErasedValue> {
    let content: StoredEntry<ErasedValue>.Content =
      switch self.content {
      case .value(let value): .value(ErasedValue(value, forKey: key, as: type))
      case .tombstone(let time): .tombstone(deletedAt: time)
      case .opaque(let writes, let readable):
        .opaque(
          writes,
          readable: readable.map {
            .init(value: ErasedValue($0.value, forKey: key, as: type), version: $0.version)
          })
      }
    return StoredEntry<ErasedValue>(
      version: version, epoch: epoch, content: content, fingerprint: fingerprint)
  }
}

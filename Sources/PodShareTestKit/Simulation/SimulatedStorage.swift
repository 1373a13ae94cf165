package import PodShare

/// What the replicas of a simulation keep their entries in.
package enum SimulatedStorageKind: String, Sendable, CaseIterable {
  case dictionary
  /// The table that stores are made of.
  case table
}

/// A storage of which it is decided at run time what it is.
package enum SimulatedStorage<Value: Sendable>: EntryStorage, ~Copyable {
  case dictionary(DictionaryStorage<Value>)
  case table(Table<Value>.Writer)

  package init(_ kind: SimulatedStorageKind) {
    switch kind {
    case .dictionary: self = .dictionary(DictionaryStorage())
    case .table: self = .table(Table.Writer(Table()))
    }
  }

  package var count: Int {
    switch self {
    case .dictionary(let storage): storage.count
    case .table(let storage): storage.count
    }
  }

  package func snapshot() -> [Key: StoredEntry<Value>] {
    switch self {
    case .dictionary(let storage): storage.snapshot()
    case .table(let storage): storage.snapshot().dictionary
    }
  }

  package func forEachEntry(
    inBucket prefix: UInt64, bits: Int, _ body: (Key, StoredEntry<Value>) throws -> Void
  ) rethrows {
    switch self {
    case .dictionary(let storage): try storage.forEachEntry(inBucket: prefix, bits: bits, body)
    case .table(let storage): try storage.forEachEntry(inBucket: prefix, bits: bits, body)
    }
  }

  package func place(of key: Key) -> Key { key }

  package func entry(at place: Key) -> StoredEntry<Value>? {
    switch self {
    case .dictionary(let storage): storage.entry(forKey: place)
    case .table(let storage): storage.entry(forKey: place)
    }
  }

  package func occupant(of place: Key) -> Occupant {
    switch self {
    case .dictionary(let storage): storage.occupant(of: place)
    case .table(let storage): storage.occupant(of: storage.place(of: place))
    }
  }

  package mutating func put(_ entry: StoredEntry<Value>, forKey key: Key, at place: Key) {
    switch consume self {
    case .dictionary(var storage):
      storage.put(entry, forKey: key)
      self = .dictionary(storage)
    case .table(var storage):
      storage.put(entry, forKey: key)
      self = .table(storage)
    }
  }

  package mutating func put(_ value: Value, _ version: Version, forKey key: Key, at place: Key) {
    switch consume self {
    case .dictionary(var storage):
      storage.put(value, version, forKey: key, at: place)
      self = .dictionary(storage)
    case .table(var storage):
      storage.put(value, version, forKey: key, at: storage.place(of: place))
      self = .table(storage)
    }
  }

  package mutating func begin() {
    switch consume self {
    case .dictionary(var storage):
      storage.begin()
      self = .dictionary(storage)
    case .table(var storage):
      storage.begin()
      self = .table(storage)
    }
  }

  package mutating func publish() {
    switch consume self {
    case .dictionary(var storage):
      storage.publish()
      self = .dictionary(storage)
    case .table(var storage):
      storage.publish()
      self = .table(storage)
    }
  }

  package mutating func remove(forKey key: Key) {
    switch consume self {
    case .dictionary(var storage):
      storage.remove(forKey: key)
      self = .dictionary(storage)
    case .table(var storage):
      storage.remove(forKey: key)
      self = .table(storage)
    }
  }

  package mutating func tidy() -> Leftovers {
    switch consume self {
    case .dictionary(let storage):
      self = .dictionary(storage)
      return .none
    case .table(var storage):
      let leftovers = storage.tidy()
      self = .table(storage)
      return leftovers
    }
  }
}

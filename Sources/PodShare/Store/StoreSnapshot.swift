/// The entries of a store at one moment: a sequence in no order, and a look-up by key.
public struct StoreSnapshot<Value: Sendable>: Sequence, Sendable {
  private let entries: TableSnapshot

  init(_ entries: TableSnapshot) {
    self.entries = entries
  }

  /// The value under a key; nil if there was none.
  public subscript(key: String) -> Value? {
    entries[Key(key)]?.value?.value(as: Value.self)
  }

  /// The entries as a dictionary. Keys are bytes to a store, while Swift's dictionary takes canonically equivalent
  /// strings for one: of such keys it has the one with the greater version. O(entries).
  public var dictionary: [String: Value] {
    var newest: [String: Entry<Value>] = [:]
    for entry in self {
      if let other = newest[entry.key], other.version > entry.version { continue }
      newest[entry.key] = entry
    }
    return newest.mapValues(\.value)
  }

  public func makeIterator() -> Iterator {
    Iterator(entries: entries.makeIterator())
  }

  public struct Iterator: IteratorProtocol {
    fileprivate var entries: TableSnapshot.Iterator

    public mutating func next() -> Entry<Value>? {
      while let (key, entry) = entries.next() {
        if let value = entry.value?.value(as: Value.self) {
          return Entry(key: key.string, value: value, version: entry.version)
        }
      }
      return nil
    }
  }
}

/// A key with its value and its version.
public struct Entry<Value: Sendable>: Sendable {
  public let key: String
  public let value: Value
  /// Who wrote it and when.
  public let version: Version
}

extension Entry: Equatable where Value: Equatable {}

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
    var newest: [String: Value] = [:]
    for entry in self {
      guard let other = newest.updateValue(entry.value, forKey: entry.key) else { continue }
      // The key stays as it was spelled first, unless it is taken out.
      guard let index = newest.index(forKey: entry.key) else { continue }
      let spelling = newest[index].key
      if let version = entries[Key(spelling)]?.version, version > entry.version {
        newest[spelling] = other
      } else {
        newest.remove(at: index)
        newest[entry.key] = entry.value
      }
    }
    return newest
  }

  /// O(entries).
  var keys: [String] { entries.entries.lazy.filter(\.hasValue).map(\.key.string) }

  public func makeIterator() -> Iterator {
    Iterator(entries: entries.entries)
  }

  public struct Iterator: IteratorProtocol {
    fileprivate var entries: TableSnapshot.Entries

    public mutating func next() -> Entry<Value>? {
      while let entry = entries.next() {
        if let (value, version) = entry.content(as: Value.self) {
          return Entry(key: entry.key.string, value: value, version: version)
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

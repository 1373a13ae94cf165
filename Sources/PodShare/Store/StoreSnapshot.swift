/// The entries of a store at one moment: a sequence in no order, and a look-up by key.
public struct StoreSnapshot<Value: Sendable>: Sequence, Sendable {
  @usableFromInline let values: ValueSnapshot

  init(_ entries: TableSnapshot) {
    values = ValueSnapshot(entries)
  }

  /// The value under a key; nil if there was none.
  @inlinable
  public subscript(key: String) -> Value? {
    values.value(forKey: key, as: Value.self)
  }

  /// The entries as a dictionary. Keys are bytes to a store, while Swift's dictionary takes canonically equivalent
  /// strings for one: of such keys it has the one with the greater version. O(entries).
  @inlinable
  public var dictionary: [String: Value] {
    var newest: [String: Value] = [:]
    for entry in self {
      guard let other = newest.updateValue(entry.value, forKey: entry.key) else { continue }
      // The key stays as it was spelled first, unless it is taken out.
      guard let index = newest.index(forKey: entry.key) else { continue }
      let spelling = newest[index].key
      if let version = values.version(of: spelling), version > entry.version {
        newest[spelling] = other
      } else {
        newest.remove(at: index)
        newest[entry.key] = entry.value
      }
    }
    return newest
  }

  /// O(entries).
  var keys: [String] { values.keys }

  @inlinable
  public func makeIterator() -> Iterator {
    Iterator(values.makeIterator())
  }

  public struct Iterator: IteratorProtocol {
    @usableFromInline var values: ValueSnapshot.Iterator

    @inlinable
    init(_ values: ValueSnapshot.Iterator) {
      self.values = values
    }

    @inlinable
    public mutating func next() -> Entry<Value>? {
      values.next(as: Value.self)
    }
  }
}

/// A key with its value and its version.
public struct Entry<Value: Sendable>: Sendable {
  public let key: String
  public let value: Value
  /// Who wrote it and when.
  public let version: Version

  @inlinable
  init(key: String, value: Value, version: Version) {
    self.key = key
    self.value = value
    self.version = version
  }
}

extension Entry: Equatable where Value: Equatable {}

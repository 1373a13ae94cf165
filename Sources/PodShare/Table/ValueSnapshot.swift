/// A ``TableSnapshot`` for whoever knows the type of the values: what depends on it is compiled where it is used, as in
/// ``Table``, and what does not is not.
@usableFromInline
struct ValueSnapshot: Sendable {
  private let snapshot: TableSnapshot

  init(_ snapshot: TableSnapshot) {
    self.snapshot = snapshot
  }

  /// The value under a key, which must be of this type; nil if there is none.
  @inlinable
  func value<Value>(forKey key: String, as type: Value.Type) -> Value? {
    value(forKey: key)?.load(as: type)
  }

  @usableFromInline
  func value(forKey key: String) -> HeldValue? {
    snapshot.value(forKey: Key(key)).map { HeldValue($0, snapshot.layout) }
  }

  /// The version of the entry under a key.
  @usableFromInline
  func version(of key: String) -> Version? { snapshot[Key(key)]?.version }

  /// The keys with a value. O(entries).
  var keys: [String] {
    var keys: [String] = []
    for entry in snapshot.entries where entry.value != nil { keys.append(entry.key.string) }
    return keys
  }

  @usableFromInline
  func makeIterator() -> Iterator { Iterator(entries: snapshot.entries, layout: snapshot.layout) }

  @usableFromInline
  struct Iterator {
    fileprivate var entries: TableSnapshot.Entries
    fileprivate let layout: CellLayout

    /// The next that has a value, which must be of this type.
    @inlinable
    mutating func next<Value>(as type: Value.Type) -> Entry<Value>? {
      guard let (key, value, version) = next() else { return nil }
      return Entry(key: key, value: value.load(as: type), version: version)
    }

    @usableFromInline
    mutating func next() -> (key: String, value: HeldValue, version: Version)? {
      while let entry = entries.next() {
        guard let (value, version) = entry.value else { continue }
        return (entry.key.string, HeldValue(value, layout), version)
      }
      return nil
    }
  }
}

/// A value where it lies in a cell, which is there as long as this is.
///
/// Unchecked, because it is an address: that of the value of an object which is held, and neither changes.
@usableFromInline
struct HeldValue: @unchecked Sendable {
  private let object: ErasedValue
  @usableFromInline let address: UnsafeMutableRawPointer

  fileprivate init(_ value: ErasedValue, _ layout: CellLayout) {
    object = value
    address = layout.value(of: value.object.cell)
  }

  /// The value, which must be of this type.
  @inlinable
  func load<Value>(as type: Value.Type) -> Value {
    defer { withExtendedLifetime(self) {} }
    return address.assumingMemoryBound(to: type).pointee
  }
}

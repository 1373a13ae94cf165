/// Sets and deletes that become visible together. See ``Store/write(_:)``.
public struct WriteBatch<Value: Sendable>: Sendable {
  var changes: [LocalChange<Value>] = []

  /// Whether nothing is in it.
  public var isEmpty: Bool { changes.isEmpty }

  /// Adds a set. Of several changes to one key the last counts; with a merge function sets of one key are joined.
  public mutating func set(_ key: String, to value: Value) {
    changes.append(LocalChange(key: Key(key), action: .set(value)))
  }

  /// Adds a delete.
  public mutating func delete(_ key: String) {
    changes.append(LocalChange(key: Key(key), action: .delete))
  }
}

/// An ``ErasedTable`` for whoever knows the type of its values, which are read where they lie.
///
/// What is in a cell's memory is of the type `Value`, because the table is made here, for that type.
@usableFromInline
package struct Table<Value: Sendable>: Sendable {
  @usableFromInline package let erased: ErasedTable

  package init() {
    erased = ErasedTable(of: ValueType(Value.self))
  }

  /// What reads show under a key. O(1).
  @inlinable
  package func value(forKey key: String) -> Value? {
    let reading = erased.cells.read(key)
    defer { reading.section.end() }
    return reading.value?.assumingMemoryBound(to: Value.self).pointee
  }

  /// What reads show under a key. O(1).
  @inlinable
  package func value(forKey key: PreparedKey) -> Value? {
    let reading = erased.cells.read(key)
    defer { reading.section.end() }
    return reading.value?.assumingMemoryBound(to: Value.self).pointee
  }

  /// Passes what reads show under a key, without a copy.
  @inlinable
  package func withValue<Result, Failure>(
    forKey key: String, _ body: (Value) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    let reading = erased.cells.read(key)
    defer { reading.section.end() }
    guard let value = reading.value else { return nil }
    return try value.assumingMemoryBound(to: Lent<Value>.self).pointee.pass(to: body)
  }

  /// Passes what reads show under a key, without a copy.
  @inlinable
  package func withValue<Result, Failure>(
    forKey key: PreparedKey, _ body: (Value) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    let reading = erased.cells.read(key)
    defer { reading.section.end() }
    guard let value = reading.value else { return nil }
    return try value.assumingMemoryBound(to: Lent<Value>.self).pointee.pass(to: body)
  }
}

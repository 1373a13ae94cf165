/// A value whose type is known to the face of a store alone; everything behind it is the same code for all types.
///
/// It is in a cell already, with the key that it is written under, and goes into the table as that cell. Copying it takes a
/// reference, so whoever drops one may free the value, and thereby run anybody's code.
///
/// Unchecked, because it is memory. What is reached by way of it, the value and the key, is `Sendable` and does not change
/// from `init` to the end of the object; the rest of the cell is the table's business.
@usableFromInline
package struct ErasedValue: @unchecked Sendable {
  let object: CellObject

  init(in object: CellObject) {
    self.object = object
  }

  /// Takes in a value that is to be written under a key.
  ///
  /// - Parameter type: That of the value.
  package init<Value: Sendable>(_ value: Value, forKey key: borrowing Key, as type: ValueType) {
    self = key.withBytes { ErasedValue(value, key: $0, type) }
  }

  /// Takes in a value that is to be written under the key of another.
  init<Value: Sendable>(_ value: Value, forKeyOf other: ErasedValue, as type: ValueType) {
    self = withExtendedLifetime(other) {
      ErasedValue(value, key: type.layout.key(of: other.object.cell), type)
    }
  }

  private init<Value: Sendable>(_ value: Value, key: UnsafeRawBufferPointer, _ type: ValueType) {
    object = type.objectType.make(type.layout, key: key, marks: CellLayout.hasValueMark)
    type.layout.value(of: object.cell).initializeMemory(as: Value.self, to: value)
  }

  /// The value, which must be of this type.
  package func value<Value>(as type: Value.Type) -> Value {
    value(as: type, in: CellLayout(for: type))
  }

  /// Where the value is.
  var address: ValueAddress { ValueAddress(object.value) }

  /// The value, which must be of this type, as must be what the layout is for.
  @inline(__always)
  func value<Value>(as type: Value.Type, in layout: CellLayout) -> Value {
    // Not around the load: that would take a reference.
    defer { withExtendedLifetime(object) {} }
    return layout.value(of: object.cell).assumingMemoryBound(to: type).pointee
  }
}

/// Where a value is, without a reference to it: only good as long as somebody else has one.
@usableFromInline
struct ValueAddress {
  @usableFromInline let address: UnsafeRawPointer

  fileprivate init(_ address: UnsafeMutableRawPointer) {
    self.address = UnsafeRawPointer(address)
  }

  /// The value, which must be of this type.
  @inlinable
  func load<Value>(as type: Value.Type) -> Value { address.assumingMemoryBound(to: type).pointee }
}

/// What must be known of the type of a table's values where they are only passed on. Nothing in it counts references.
package struct ValueType: BitwiseCopyable, Sendable {
  let layout: CellLayout
  let objectType: CellObject.Type

  package init<Value: Sendable>(_ type: Value.Type) {
    layout = CellLayout(for: type)
    objectType = CellObjectOf<Value>.self
  }

  /// A copy of a value in a cell under another key, or one that is not in a table.
  func copy(_ value: ErasedValue, forKey key: UnsafeRawBufferPointer) -> CellObject {
    let object = objectType.make(layout, key: key, marks: CellLayout.hasValueMark)
    objectType.copyValue(from: layout.value(of: value.object.cell), to: layout.value(of: object.cell))
    return object
  }
}

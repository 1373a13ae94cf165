/// The memory of a ``Cell``, counted: whoever holds a value that is in the table, or on its way there, holds this.
///
/// So a value is where it was made from the beginning. It is put into the table without a copy, told to watchers without a
/// copy, and freed when the last of them lets go of it, be it after the table.
///
/// The object's class knows the type of the value, so that nobody else has to. What follows its own 16 bytes is the cell,
/// which is reached by its address: what makes that safe is said of ``Cell``.
class CellObject: ManagedBuffer<Void, UInt8> {
  /// Of cells: an object begins at a multiple of it, and the cell lies behind the object's own two words.
  static var alignment: Int { 16 }

  /// The object that a cell is the memory of.
  static func of(_ cell: Cell) -> Unmanaged<CellObject> {
    .fromOpaque(UnsafeRawPointer(cell.head) - alignment)
  }

  final var cell: Cell {
    let address = Unmanaged.passUnretained(self).toOpaque() + Self.alignment
    return Cell(address.assumingMemoryBound(to: CellHead.self))
  }

  /// Makes a cell that is complete but for its head and, if there is to be one, its value.
  final class func make(_ layout: CellLayout, key: UnsafeRawBufferPointer, marks: UInt32) -> CellObject {
    // It is of the class that it was asked of.
    let object = unsafeDowncast(
      create(minimumCapacity: layout.byteCount(keyBytes: key.count)) { _ in () }, to: CellObject.self)
    object.cell.head.initialize(to: CellHead())
    layout.setKey(key, marks: marks, of: object.cell)
    return object
  }

  /// Where the value is, if there is one.
  var value: UnsafeMutableRawPointer {
    preconditionFailure("a cell of no type in particular")
  }

  /// Copies a value to where none is yet.
  class func copyValue(from source: UnsafeMutableRawPointer, to target: UnsafeMutableRawPointer) {
    preconditionFailure("a cell of no type in particular")
  }

  deinit {
    let head = cell.head
    head.pointee.details?.release()
    head.deinitialize(count: 1)
  }
}

/// A cell whose value, if it has one, is of this type.
final class CellObjectOf<Value: Sendable>: CellObject {
  override var value: UnsafeMutableRawPointer { CellLayout(for: Value.self).value(of: cell) }

  override class func copyValue(from source: UnsafeMutableRawPointer, to target: UnsafeMutableRawPointer) {
    target.initializeMemory(as: Value.self, from: source.assumingMemoryBound(to: Value.self), count: 1)
  }

  deinit {
    let layout = CellLayout(for: Value.self)
    guard layout.hasValue(cell) else { return }
    layout.value(of: cell).assumingMemoryBound(to: Value.self).deinitialize(count: 1)
  }
}

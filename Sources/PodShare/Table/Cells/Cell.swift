import Synchronization

/// One entry of the table in one allocation: a head of fixed size, the value, and the key.
///
/// ```
/// CellHead | value | UInt32: the key's length and two marks | the key's UTF-8 bytes
/// ```
///
/// This is its bare address; the memory is that of a ``CellObject``, of which the table holds one reference for each cell
/// that was put.
///
/// Invariants. A cell is filled before any other thread can reach it, the value and the key by whoever makes it and the
/// head by the writer, and nothing in it changes after that but `older`, which is atomic, and `hashOrNewer`, which is the
/// writer's alone. The value is initialised if, and only if, `hasValue` is marked. Whoever reads a cell is the writer, or is
/// in a read section that it entered before it found the cell, or holds a reference to its object and looks only at the
/// value and the key; so what it reads is there.
struct Cell: Equatable {
  let head: UnsafeMutablePointer<CellHead>

  init(_ head: UnsafeMutablePointer<CellHead>) {
    self.head = head
  }

  init?(bits: UInt) {
    guard let head = UnsafeMutablePointer<CellHead>(bitPattern: bits) else { return nil }
    self.head = head
  }

  var bits: UInt { UInt(bitPattern: head) }

  /// Whether it was never put into a table.
  var isFree: Bool { head.pointee.birth == 0 }

  /// The number of the commit that put it.
  var birth: UInt64 { head.pointee.birth }

  /// The table's hash of its key. For the writer, and not once ``newer`` has been set.
  var hash: UInt64 { head.pointee.hashOrNewer }

  /// Of a cell that has been replaced and is kept for a snapshot: the one whose `older` it is. For the writer, who has set it.
  var newer: Cell {
    // Never nil: set to a cell.
    get { Cell(bits: UInt(truncatingIfNeeded: head.pointee.hashOrNewer)).unsafelyUnwrapped }
    nonmutating set { head.pointee.hashOrNewer = UInt64(newValue.bits) }
  }

  /// What the key held before this cell, as long as a snapshot may ask for it.
  var older: Cell? {
    get { Cell(bits: head.pointee.older.load(ordering: .sequentiallyConsistent)) }
    nonmutating set { head.pointee.older.store(newValue?.bits ?? 0, ordering: .sequentiallyConsistent) }
  }

  /// What a snapshot made after the commit `number` sees of this cell's key.
  func visible(at number: UInt64) -> Cell? {
    var cell = self
    while cell.birth > number {
      guard let older = cell.older else { return nil }
      cell = older
    }
    return cell
  }
}

struct CellHead: ~Copyable {
  let older: Atomic<UInt>
  /// From 1; 0 for a cell that no table has.
  let birth: UInt64
  /// The hash of the key or, once the cell has been replaced and is kept, the address of the one that points to it: a segment
  /// no longer leads to it, and all of a chain have one hash.
  var hashOrNewer: UInt64
  let timestamp: Int64
  let sequence: UInt64
  /// Kept alive by ``Origins`` for as long as there are cells that name it; nil only where the key was removed, or where the
  /// cell was never put.
  let author: Unmanaged<Origins.Origin>?
  /// Owned by the cell.
  let details: Unmanaged<EntryDetails>?

  /// Of a cell that is not put yet.
  init() {
    older = Atomic(0)
    birth = 0
    hashOrNewer = 0
    timestamp = 0
    sequence = 0
    author = nil
    details = nil
  }

  init(
    _ position: Position, _ version: Version, _ author: Unmanaged<Origins.Origin>, _ details: EntryDetails?
  ) {
    older = Atomic(position.older?.bits ?? 0)
    birth = position.birth
    hashOrNewer = position.hash
    timestamp = version.timestamp.nanoseconds
    sequence = version.sequence
    self.author = author
    self.details = details.map(Unmanaged.passRetained)
  }

  /// Of a cell that says that its key is gone.
  init(ofRemoved position: Position) {
    older = Atomic(position.older?.bits ?? 0)
    birth = position.birth
    hashOrNewer = position.hash
    timestamp = 0
    sequence = 0
    author = nil
    details = nil
  }

  /// Where in the table's history a cell belongs.
  struct Position {
    let older: Cell?
    let birth: UInt64
    let hash: UInt64
  }
}

/// Where in a cell things are: the same for all cells of a table, since all values are of one type.
struct CellLayout {
  /// Where the value is, but for what an unusual alignment asks for.
  private let valueOffset: Int
  /// Of the key's length and the marks; the bytes follow.
  let keyOffset: Int
  /// Cells are aligned to 16 bytes. Where values ask for more, their address is rounded up: this is the unit less one.
  private let valueMask: Int

  init<Value>(for value: Value.Type) {
    let alignment = MemoryLayout<Value>.alignment
    valueMask = alignment > CellObject.alignment ? alignment - 1 : 0
    let offset = MemoryLayout<CellHead>.size
    valueOffset = valueMask == 0 ? offset.roundedUp(toMultipleOf: alignment) : offset
    keyOffset = (valueOffset + valueMask + MemoryLayout<Value>.size).roundedUp(toMultipleOf: 4)
  }

  static var hasValueMark: UInt32 { 1 << 30 }
  static var isRemovedMark: UInt32 { 1 << 31 }
  static var maxKeyBytes: Int { (1 << 30) - 1 }

  /// The size of a cell.
  func byteCount(keyBytes: Int) -> Int {
    precondition(keyBytes <= Self.maxKeyBytes, "a key of \(keyBytes) bytes")
    return keyOffset + 4 + keyBytes
  }

  /// Fills in the key and the marks.
  func setKey(_ key: UnsafeRawBufferPointer, marks: UInt32, of cell: Cell) {
    let address = UnsafeMutableRawPointer(cell.head)
    address.storeBytes(of: UInt32(key.count) | marks, toByteOffset: keyOffset, as: UInt32.self)
    if let bytes = key.baseAddress {
      (address + (keyOffset + 4)).copyMemory(from: bytes, byteCount: key.count)
    }
  }

  @inline(__always)
  func marks(of cell: Cell) -> UInt32 {
    UnsafeRawPointer(cell.head).load(fromByteOffset: keyOffset, as: UInt32.self)
  }

  func hasValue(_ cell: Cell) -> Bool { marks(of: cell) & Self.hasValueMark != 0 }

  /// Whether the cell says that its key is gone. Such a cell is only there for older ones, which snapshots see.
  func isRemoved(_ cell: Cell) -> Bool { marks(of: cell) & Self.isRemovedMark != 0 }

  @inline(__always)
  func value(of cell: Cell) -> UnsafeMutableRawPointer {
    let address = UInt(bitPattern: cell.head) &+ UInt(bitPattern: valueOffset &+ valueMask)
    // Never nil: within the cell.
    return UnsafeMutableRawPointer(bitPattern: address & ~UInt(bitPattern: valueMask)).unsafelyUnwrapped
  }

  func key(of cell: Cell) -> UnsafeRawBufferPointer {
    let count = Int(marks(of: cell) & UInt32(Self.maxKeyBytes))
    return UnsafeRawBufferPointer(start: UnsafeRawPointer(cell.head) + (keyOffset + 4), count: count)
  }

  @inline(__always)
  func hasKey(_ cell: Cell, _ key: UnsafeRawBufferPointer) -> Bool {
    guard Int(marks(of: cell) & UInt32(Self.maxKeyBytes)) == key.count else { return false }
    guard let bytes = key.baseAddress else { return true }
    return (UnsafeRawPointer(cell.head) + (keyOffset &+ 4)).hasBytes(of: bytes, count: key.count)
  }
}

extension Int {
  fileprivate func roundedUp(toMultipleOf unit: Int) -> Int { (self + unit - 1) / unit * unit }
}

import NIOConcurrencyHelpers
import Synchronization

/// A table that any number of threads read while the replica writes it; its values are of one type, which it need not know.
///
/// Readers take no lock and share no counter; the writer never waits for them. What the table is made of is in `Cells/`,
/// with the reasons why that is sound above ``CellTable``; here is what is in a cell. Whoever knows the type of the values
/// reads by way of ``Table``.
///
/// Unchecked, because cells are reached by bare addresses. What makes that safe: the memory belongs to this object, which
/// whoever reads keeps alive; `origins` is touched by the writer alone; and of the cells all that ``Cell`` says.
@usableFromInline
package final class ErasedTable: @unchecked Sendable {
  @usableFromInline let cells: CellTable
  package let type: ValueType
  var layout: CellLayout { type.layout }
  let pins = SnapshotPins()
  let origins = Origins()

  /// Cells that no thread can reach any more.
  private let unreachable = NIOLockedValueBox<[Cell]>([])
  private let hasUnreachable = Atomic<Bool>(false)
  /// What the writer had not got rid of by its end.
  private var orphans: [Reclamation.Retired] = []

  package init(of type: ValueType) {
    self.type = type
    cells = CellTable(type.layout)
  }

  deinit {
    // Every cell that is not retired can be reached from a segment.
    cells.forEachSegment { segment in
      segment.forEachCell { cell in
        var next: Cell? = cell
        while let cell = next {
          next = cell.older
          free(cell)
        }
      }
    }
    for orphan in orphans {
      switch orphan {
      case .cell(let cell): free(cell)
      case .memory(let address): address.deallocate()
      }
    }
    freeUnreachable()
    cells.deallocate()
  }

  /// How often single keys were read.
  package var reads: UInt64 { cells.reads }

  // MARK: Reading

  /// The entry under a key, tombstones included. O(1).
  package func entry(forKey key: Key) -> StoredEntry<ErasedValue>? {
    withCell(forKey: key) { cell in cell.map { entry(in: $0).entry } }
  }

  /// All entries, tombstones included, as they are at this moment. O(1): see ``TableSnapshot``.
  package func snapshot() -> TableSnapshot {
    TableSnapshot(of: self)
  }

  /// Finds a key's cell, be it one that a snapshot alone is interested in.
  func withNewestCell<Result>(forKey key: Key, _ body: (Cell?) -> Result) -> Result {
    let section = cells.enterUncounted()
    defer { section.end() }
    return body(key.withBytes { cells.find($0, hash: cells.hash($0)) })
  }

  private func withCell<Result>(forKey key: Key, _ body: (Cell?) -> Result) -> Result {
    withNewestCell(forKey: key) { cell in
      body(cell.flatMap { layout.isRemoved($0) ? nil : $0 })
    }
  }

  // MARK: What is in a cell

  /// Only for a cell that says something of its key.
  func entry(in cell: Cell) -> EntryInPlace { EntryInPlace(cell, layout) }

  /// Makes a cell for an entry, or takes the one that its value is in, and one reference to it. For the writer.
  func makeCell(
    _ entry: StoredEntry<ErasedValue>, key: UnsafeRawBufferPointer, position: CellHead.Position
  ) -> Cell {
    switch entry.content {
    case .value(let value):
      let details =
        entry.epoch == .beginning && entry.fingerprint == nil
        ? nil : EntryDetails(epoch: entry.epoch, content: .value, fingerprint: entry.fingerprint)
      return makeCell(value, entry.version, details, key: key, position: position)
    case .tombstone(let deletedAt):
      let details = EntryDetails(
        epoch: entry.epoch, content: .tombstone(deletedAt: deletedAt), fingerprint: nil)
      return makeCell(entry.version, details, key: key, position: position)
    case .opaque(let writes, let readable):
      let details = EntryDetails(
        epoch: entry.epoch, content: .opaque(writes, readable: readable?.version),
        fingerprint: entry.fingerprint)
      guard let readable else { return makeCell(entry.version, details, key: key, position: position) }
      return makeCell(readable.value, entry.version, details, key: key, position: position)
    }
  }

  /// The same for an entry that shows a value.
  func makeCell(
    _ value: ErasedValue, _ version: Version, _ details: EntryDetails?, key: UnsafeRawBufferPointer,
    position: CellHead.Position
  ) -> Cell {
    fill(cell(holding: value, key: key), version, details, position)
  }

  private func makeCell(
    _ version: Version, _ details: EntryDetails, key: UnsafeRawBufferPointer, position: CellHead.Position
  ) -> Cell {
    fill(makeCell(key: key, marks: 0), version, details, position)
  }

  private func fill(
    _ cell: Cell, _ version: Version, _ details: EntryDetails?, _ position: CellHead.Position
  ) -> Cell {
    cell.head.initialize(to: CellHead(position, version, origins.use(version.author), details))
    return cell
  }

  /// The cell that a value is in, or if that is in the table already, or made for another key, a copy; and one reference
  /// to it, which is the table's.
  private func cell(holding value: ErasedValue, key: UnsafeRawBufferPointer) -> Cell {
    let cell = value.object.cell
    guard cell.isFree, layout.hasKey(cell, key) else { return given(type.copy(value, forKey: key)) }
    _ = Unmanaged.passRetained(value.object)
    return cell
  }

  private func makeCell(key: UnsafeRawBufferPointer, marks: UInt32) -> Cell {
    given(type.objectType.make(layout, key: key, marks: marks))
  }

  /// The cell of an object, with the reference that the table has to it.
  private func given(_ object: CellObject) -> Cell {
    Unmanaged.passRetained(object)._withUnsafeGuaranteedRef(\.cell)
  }

  /// Makes a cell that says that a key is gone. For the writer.
  func makeRemovedCell(key: UnsafeRawBufferPointer, position: CellHead.Position) -> Cell {
    let cell = makeCell(key: key, marks: CellLayout.isRemovedMark)
    cell.head.initialize(to: CellHead(ofRemoved: position))
    return cell
  }

  // MARK: Freeing

  /// Takes over cells that no thread can reach any more. Their values are freed later: that may run anybody's code, and
  /// the writer is under a lock.
  func giveUp(_ cells: [Cell]) {
    guard !cells.isEmpty else { return }
    unreachable.withLockedValue { $0 += cells }
    hasUnreachable.store(true, ordering: .releasing)
  }

  /// Frees what the writer has found to be out of reach. Never to be called under a lock: values are let go of, and that
  /// may run anybody's code.
  package func freeUnreachable() {
    guard hasUnreachable.load(ordering: .relaxed) else { return }
    let cells = unreachable.withLockedValue { cells in
      defer { cells = [] }
      hasUnreachable.store(false, ordering: .relaxed)
      return cells
    }
    for cell in cells { free(cell) }
  }

  private func free(_ cell: Cell) {
    CellObject.of(cell).release()
  }

  /// The writer is gone; readers may not be.
  func leave(_ retired: [Reclamation.Retired]) {
    orphans += retired
  }
}

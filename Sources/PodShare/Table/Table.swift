import NIOConcurrencyHelpers
import Synchronization

/// A table that any number of threads read while the replica writes it.
///
/// Readers take no lock and share no counter; the writer never waits for them. What the table is made of is in `Cells/`,
/// with the reasons why that is sound above ``CellTable``; here is what depends on the type of the values.
///
/// Unchecked, because cells are reached by bare addresses. What makes that safe: the memory belongs to this object, which
/// whoever reads keeps alive; `origins` is touched by the writer alone; and of the cells all that ``Cell`` says.
@usableFromInline
package final class Table<Value: Sendable>: @unchecked Sendable {
  @usableFromInline let cells: CellTable
  let layout: CellLayout
  let pins = SnapshotPins()
  let origins = Origins()

  /// Cells that no thread can reach any more.
  private let unreachable = NIOLockedValueBox<[Cell]>([])
  private let hasUnreachable = Atomic<Bool>(false)
  /// What the writer had not got rid of by its end.
  private var orphans: [Reclamation.Retired] = []

  package init() {
    cells = CellTable(of: Value.self)
    layout = cells.layout
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

  /// What reads show under a key. O(1).
  @inlinable
  package func value(forKey key: String) -> Value? {
    let reading = cells.read(key)
    defer { reading.section.end() }
    return reading.value?.assumingMemoryBound(to: Value.self).pointee
  }

  /// What reads show under a key. O(1).
  @inlinable
  package func value(forKey key: PreparedKey) -> Value? {
    let reading = cells.read(key)
    defer { reading.section.end() }
    return reading.value?.assumingMemoryBound(to: Value.self).pointee
  }

  /// Passes what reads show under a key, without a copy.
  @inlinable
  package func withValue<Result, Failure>(
    forKey key: String, _ body: (Value) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    let reading = cells.read(key)
    defer { reading.section.end() }
    guard let value = reading.value else { return nil }
    return try value.assumingMemoryBound(to: Lent<Value>.self).pointee.pass(to: body)
  }

  /// Passes what reads show under a key, without a copy.
  @inlinable
  package func withValue<Result, Failure>(
    forKey key: PreparedKey, _ body: (Value) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    let reading = cells.read(key)
    defer { reading.section.end() }
    guard let value = reading.value else { return nil }
    return try value.assumingMemoryBound(to: Lent<Value>.self).pointee.pass(to: body)
  }

  /// The entry under a key, tombstones included. O(1).
  package func entry(forKey key: Key) -> StoredEntry<Value>? {
    withCell(forKey: key) { $0.map(entry) }
  }

  /// All entries, tombstones included, as they are at this moment. O(1): see ``TableSnapshot``.
  package func snapshot() -> TableSnapshot<Value> {
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
  func entry(of cell: Cell) -> StoredEntry<Value> {
    // Only cells that say that their key was removed have no author.
    let identity = cell.head.pointee.author.unsafelyUnwrapped._withUnsafeGuaranteedRef(\.identity)
    let version = Version(
      timestamp: Timestamp(nanoseconds: cell.head.pointee.timestamp), author: identity,
      sequence: cell.head.pointee.sequence)
    guard let details = cell.head.pointee.details?.takeUnretainedValue() else {
      return StoredEntry(version: version, content: .value(value(of: cell)))
    }
    let content: StoredEntry<Value>.Content =
      switch details.content {
      case .value: .value(value(of: cell))
      case .tombstone(let deletedAt): .tombstone(deletedAt: deletedAt)
      case .opaque(let writes, let readable):
        .opaque(writes, readable: readable.map { .init(value: value(of: cell), version: $0) })
      }
    return StoredEntry(
      version: version, epoch: details.epoch, content: content, fingerprint: details.fingerprint)
  }

  private func value(of cell: Cell) -> Value {
    layout.value(of: cell).assumingMemoryBound(to: Value.self).pointee
  }

  func key(of cell: Cell) -> Key {
    Key(String(decoding: layout.key(of: cell), as: UTF8.self))
  }

  /// Makes a cell for an entry. For the writer.
  func makeCell(_ entry: StoredEntry<Value>, key: UnsafeRawBufferPointer, position: CellHead.Position) -> Cell
  {
    let author = origins.use(entry.version.author)
    let version = entry.version
    switch entry.content {
    case .value(let value):
      let details =
        entry.epoch == .beginning && entry.fingerprint == nil
        ? nil : EntryDetails(epoch: entry.epoch, content: .value, fingerprint: entry.fingerprint)
      let cell = layout.make(key: key, position, version, author, details, hasValue: true)
      layout.value(of: cell).initializeMemory(as: Value.self, to: value)
      return cell
    case .tombstone(let deletedAt):
      let details = EntryDetails(
        epoch: entry.epoch, content: .tombstone(deletedAt: deletedAt), fingerprint: nil)
      return layout.make(key: key, position, version, author, details, hasValue: false)
    case .opaque(let writes, let readable):
      let details = EntryDetails(
        epoch: entry.epoch, content: .opaque(writes, readable: readable?.version),
        fingerprint: entry.fingerprint)
      let cell = layout.make(key: key, position, version, author, details, hasValue: readable != nil)
      if let value = readable?.value {
        layout.value(of: cell).initializeMemory(as: Value.self, to: value)
      }
      return cell
    }
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
    if layout.hasValue(cell) {
      layout.value(of: cell).assumingMemoryBound(to: Value.self).deinitialize(count: 1)
    }
    cell.head.pointee.details?.release()
    cell.head.deinitialize(count: 1)
    UnsafeMutableRawPointer(cell.head).deallocate()
  }

  /// The writer is gone; readers may not be.
  func leave(_ retired: [Reclamation.Retired]) {
    orphans += retired
  }
}

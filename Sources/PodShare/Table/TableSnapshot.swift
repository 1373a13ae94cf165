/// The entries of a table as they were at one moment, tombstones included.
///
/// O(1) to take: it is the number of a commit. While it is there, the table keeps what it would otherwise have freed, namely
/// those entries that the snapshot sees and that have been replaced or removed since: so a write costs what it always does,
/// nothing is copied, and a snapshot that is kept costs the memory of what has changed under it. It is let go of with the
/// last copy of it.
///
/// A look-up is one of the table, and a step further for each snapshot between this one and now that keeps another entry
/// of the key. Iterating copies entries out a segment at a time, at most about two hundred at once.
package struct TableSnapshot: Sequence, Sendable {
  package typealias Element = (key: Key, value: StoredEntry<ErasedValue>)

  fileprivate final class Pin: Sendable {
    let table: ErasedTable
    let commit: UInt64

    init(_ table: ErasedTable) {
      self.table = table
      commit = table.pins.pin()
    }

    deinit {
      table.pins.unpin(commit)
    }

    func visible(_ cell: Cell) -> Cell? {
      cell.visible(at: commit).flatMap { table.layout.isRemoved($0) ? nil : $0 }
    }
  }

  private let pin: Pin

  init(of table: ErasedTable) {
    pin = Pin(table)
  }

  /// The entry under a key, tombstones included.
  package subscript(key: Key) -> StoredEntry<ErasedValue>? {
    pin.table.withNewestCell(forKey: key) { cell in
      cell.flatMap(pin.visible).map { pin.table.entry(in: $0).entry }
    }
  }

  /// The value that reads show under a key.
  func value(forKey key: Key) -> ErasedValue? {
    pin.table.withNewestCell(forKey: key) { cell in
      cell.flatMap(pin.visible).flatMap { pin.table.entry(in: $0).shown }
    }
  }

  var layout: CellLayout { pin.table.layout }

  package func makeIterator() -> Iterator {
    Iterator(pin: pin)
  }

  package struct Iterator: IteratorProtocol, Sendable {
    private var entries: Entries

    fileprivate init(pin: Pin) {
      entries = Entries(pin: pin)
    }

    package mutating func next() -> Element? {
      entries.next().map { ($0.key, $0.entry) }
    }
  }

  /// The entries, made into no more than it takes to send them.
  package var entries: Entries { Entries(pin: pin) }

  package struct Entries: Sequence, IteratorProtocol, Sendable {
    private let pin: Pin
    private var buffer: [SnapshotEntry] = []
    /// Of the next segment; nil after the last.
    private var position: UInt64? = 0

    fileprivate init(pin: Pin) {
      self.pin = pin
    }

    var layout: CellLayout { pin.table.layout }

    package mutating func next() -> SnapshotEntry? {
      while buffer.isEmpty {
        guard let position else { return nil }
        let section = pin.table.cells.enterUncounted()
        defer { section.end() }
        self.position = pin.table.cells.forEachCell(inSegmentAt: position) { cell in
          if let cell = pin.visible(cell) { buffer.append(SnapshotEntry(pin.table.entry(in: cell))) }
        }
      }
      return buffer.removeLast()
    }
  }
}

extension TableSnapshot {
  /// O(entries).
  package var dictionary: [Key: StoredEntry<ErasedValue>] {
    Dictionary(uniqueKeysWithValues: lazy.map { ($0.key, $0.value) })
  }
}

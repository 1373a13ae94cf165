extension ErasedTable {
  /// The writer's side of the table. Exactly one is made, for the replica.
  ///
  /// What it does is in ``CellWriter``; here is what is in a cell.
  package struct Writer: EntryStorage, ~Copyable {
    package typealias Value = ErasedValue

    private let table: ErasedTable
    private var cells: CellWriter

    package init(_ table: ErasedTable) {
      self.table = table
      cells = CellWriter(table.cells, pins: table.pins, origins: table.origins)
    }

    deinit {
      var cells = cells
      table.leave(cells.takeRetired())
    }

    /// The table, for what is done while its cells are changed. This keeps it alive, so nobody need count a reference to it.
    private var unretained: Unmanaged<ErasedTable> { .passUnretained(table) }

    package var count: Int { cells.count }

    package func snapshot() -> TableSnapshot {
      table.snapshot()
    }

    package func forEachEntry(
      inBucket prefix: UInt64, bits: Int, _ body: (Key, StoredEntry<ErasedValue>) throws -> Void
    ) rethrows {
      try cells.forEachCell(inBucket: prefix, bits: bits) { cell in
        let entry = table.entry(in: cell)
        try body(entry.key, entry.entry)
      }
    }

    /// See ``CellWriter/Place``.
    package struct Place {
      fileprivate let cells: CellWriter.Place
    }

    package func place(of key: Key) -> Place {
      Place(cells: cells.place(of: key))
    }

    package func entry(at place: Place) -> StoredEntry<ErasedValue>? {
      place.cells.entry.map { table.entry(in: $0).entry }
    }

    package func occupant(of place: Place) -> Occupant {
      guard let cell = place.cells.entry else { return .nothing }
      return table.entry(in: cell).plainNumbers.map { .value($0) } ?? .other
    }

    package mutating func begin() {
      cells.begin()
    }

    package mutating func put(_ entry: StoredEntry<ErasedValue>, forKey key: Key, at place: Place) {
      cells.put(key, at: place.cells) { [unretained] key, position in
        unretained._withUnsafeGuaranteedRef { $0.makeCell(entry, key: key, position: position) }
      }
    }

    package mutating func put(_ value: ErasedValue, _ version: Version, forKey key: Key, at place: Place) {
      cells.put(key, at: place.cells) { [unretained] key, position in
        unretained._withUnsafeGuaranteedRef { $0.makeCell(value, version, nil, key: key, position: position) }
      }
    }

    package mutating func publish() {
      table.giveUp(cells.publish())
    }

    package mutating func remove(forKey key: Key) {
      table.giveUp(cells.remove(key, table.makeRemovedCell))
    }

    package mutating func tidy() -> Leftovers {
      table.giveUp(cells.tidy())
      return cells.leftovers
    }
  }
}

extension Table {
  /// The writer's side of the table. Exactly one is made, for the replica.
  ///
  /// What it does is in ``CellWriter``; here is what depends on the type of the values.
  package struct Writer: EntryStorage, ~Copyable {
    private let table: Table<Value>
    private var cells: CellWriter

    package init(_ table: Table<Value>) {
      self.table = table
      cells = CellWriter(table.cells, pins: table.pins, origins: table.origins)
    }

    deinit {
      var cells = cells
      table.leave(cells.takeRetired())
    }

    package var count: Int { cells.count }

    package func entry(forKey key: Key) -> StoredEntry<Value>? {
      cells.find(key).map(table.entry)
    }

    package func snapshot() -> TableSnapshot<Value> {
      table.snapshot()
    }

    package func forEachEntry(
      inBucket prefix: UInt64, bits: Int, _ body: (Key, StoredEntry<Value>) throws -> Void
    ) rethrows {
      try cells.forEachCell(inBucket: prefix, bits: bits) {
        try body(table.key(of: $0), table.entry(of: $0))
      }
    }

    package mutating func commit(_ entry: StoredEntry<Value>, forKey key: Key) {
      cells.begin()
      put(entry, forKey: key)
      table.giveUp(cells.publish())
    }

    package mutating func commit(_ entries: [Key: StoredEntry<Value>]) {
      cells.begin()
      for (key, entry) in entries { put(entry, forKey: key) }
      table.giveUp(cells.publish())
    }

    private mutating func put(_ entry: StoredEntry<Value>, forKey key: Key) {
      cells.put(key) { table.makeCell(entry, key: $0, position: $1) }
    }

    package mutating func remove(forKey key: Key) {
      table.giveUp(cells.remove(key))
    }

    package mutating func tidy() -> Bool {
      table.giveUp(cells.tidy())
      return !cells.isTidy
    }
  }
}

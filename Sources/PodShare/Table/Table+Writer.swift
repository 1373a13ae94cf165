extension Table {
  /// The writer's side of the table. Exactly one is made, for the replica.
  ///
  /// A put makes a new cell, points it to the one that it replaces, and stores its address where that one's was. Only when
  /// the commit has been published is it decided what becomes of the old one: if a snapshot sees it, it is kept, and looked
  /// at again when that snapshot is gone; otherwise it is taken out of the chain and retired.
  package struct Writer: EntryStorage, ~Copyable {
    private struct Kept {
      let cell: Cell
      /// When it was replaced: snapshots of later commits do not see it.
      let until: UInt64
    }

    private let table: Table<Value>
    package private(set) var count = 0
    private var lastCommit: UInt64 = 0
    private var reclamation = Reclamation()
    private var buckets = BucketIndex<UInt64>()
    /// What snapshots see, by the newest snapshot that does.
    private var kept: [UInt64: [Kept]] = [:]
    /// What snapshots saw that are gone.
    private var undecided: [Kept] = []

    /// How many of the undecided are decided with every commit.
    private static var share: Int { 16 }

    package init(_ table: Table<Value>) {
      self.table = table
    }

    deinit {
      var reclamation = reclamation
      table.leave(reclamation.takeAll())
    }

    // MARK: Reading

    package func entry(forKey key: Key) -> StoredEntry<Value>? {
      // Without a section: nothing is freed but by this thread.
      key.withBytes { bytes in
        guard let cell = table.cells.find(bytes, hash: hash(bytes)), !table.layout.isRemoved(cell) else {
          return nil
        }
        return table.entry(of: cell)
      }
    }

    package func snapshot() -> TableSnapshot<Value> {
      table.snapshot()
    }

    package func forEachEntry(
      inBucket prefix: UInt64, bits: Int, _ body: (Key, StoredEntry<Value>) throws -> Void
    ) rethrows {
      try buckets.forEach(inBucket: prefix, bits: bits) { hash, stableHash in
        try table.cells.segment(of: hash).forEachCell(hash: hash) { cell in
          guard !table.layout.isRemoved(cell) else { return }
          let key = table.key(of: cell)
          // Two keys may have one hash of the table's.
          guard StableHash.hash(key) == stableHash else { return }
          try body(key, table.entry(of: cell))
        }
      }
    }

    private func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
      table.cells.header.pointee.hash(bytes)
    }

    // MARK: Writing

    package mutating func commit(_ entry: StoredEntry<Value>, forKey key: Key) {
      lastCommit += 1
      let replaced = put(entry, forKey: key)
      table.pins.publish(lastCommit)
      if let replaced { settle(CollectionOfOne(replaced)) }
      tidy(share: Self.share)
    }

    package mutating func commit(_ entries: [Key: StoredEntry<Value>]) {
      lastCommit += 1
      var replaced: [Replacement] = []
      for (key, entry) in entries {
        if let replacement = put(entry, forKey: key) { replaced.append(replacement) }
      }
      table.pins.publish(lastCommit)
      settle(replaced)
      tidy(share: Self.share * (entries.count + 1))
    }

    package mutating func remove(forKey key: Key) {
      guard let place = key.withBytes({ table.cells.place(of: $0, hash: hash($0)) }),
        !table.layout.isRemoved(place.cell)
      else { return }
      lastCommit += 1
      count -= 1
      buckets.remove(place.cell.hash, hash: StableHash.hash(key))
      var marker: Cell?
      // No snapshot may begin in between: it would look for the cell and not find it.
      table.pins.publish(lastCommit) { areAnySnapshots in
        if areAnySnapshots || place.cell.older != nil {
          let cell = table.makeCell(
            nil, key: table.layout.key(of: place.cell), hash: place.cell.hash, birth: lastCommit,
            over: place.cell)
          place.segment.replace(at: place.index, with: cell)
          marker = cell
        } else {
          place.segment.erase(at: place.index)
        }
      }
      if let marker {
        settle(CollectionOfOne(Replacement(old: place.cell, new: marker)))
      } else {
        reclamation.retire(.cell(place.cell))
      }
      tidy(share: Self.share)
    }

    private struct Replacement {
      let old: Cell
      let new: Cell
    }

    /// Returns what was replaced, if anything was.
    private mutating func put(_ entry: StoredEntry<Value>, forKey key: Key) -> Replacement? {
      key.withBytes { bytes in
        let hash = hash(bytes)
        let place = table.cells.place(of: bytes, hash: hash)
        let cell = table.makeCell(entry, key: bytes, hash: hash, birth: lastCommit, over: place?.cell)
        if place.map({ table.layout.isRemoved($0.cell) }) ?? true {
          count += 1
          buckets.insert(hash, hash: StableHash.hash(bytes))
        }
        guard let place else {
          table.cells.insert(cell) { reclamation.retire(.memory($0)) }
          return nil
        }
        place.segment.replace(at: place.index, with: cell)
        return Replacement(old: place.cell, new: cell)
      }
    }

    // MARK: What becomes of what was replaced

    /// After the commit has been published.
    private mutating func settle(_ replaced: some Collection<Replacement>) {
      guard table.pins.areAny else {
        for replacement in replaced { unlink(replacement.old, from: replacement.new) }
        return
      }
      let snapshots = table.pins.numbers
      for replacement in replaced {
        let old = Kept(cell: replacement.old, until: lastCommit)
        if !keep(old, for: snapshots) { unlink(old.cell, from: replacement.new) }
      }
    }

    /// Keeps a cell if any of the snapshots, ascending, sees it.
    private mutating func keep(_ old: Kept, for snapshots: [UInt64]) -> Bool {
      guard let newest = snapshots.last(where: { $0 < old.until }), newest >= old.cell.birth else {
        return false
      }
      kept[newest, default: []].append(old)
      return true
    }

    /// Takes a cell out of the chain of its key. `newer` is the one that points to it.
    private mutating func unlink(_ cell: Cell, from newer: Cell) {
      newer.older = cell.older
      reclamation.retire(.cell(cell))
      if newer.older == nil, table.layout.isRemoved(newer) { erase(newer) }
    }

    /// Forgets a key that was removed, of which now no snapshot sees anything either; unless it is there anew.
    private mutating func erase(_ marker: Cell) {
      guard
        let place = table.cells.place(of: table.layout.key(of: marker), hash: marker.hash),
        place.cell == marker
      else { return }
      place.segment.erase(at: place.index)
      reclamation.retire(.cell(marker))
    }

    package mutating func tidy() -> Bool {
      tidy(share: 1_024)
      free(reclamation.advance(table.cells))
      return !undecided.isEmpty
    }

    private mutating func tidy(share: Int) {
      if table.pins.areAny {
        for snapshot in table.pins.takeDropped() {
          if let cells = kept.removeValue(forKey: snapshot) { undecided += cells }
        }
      }
      if !undecided.isEmpty {
        let snapshots = table.pins.numbers
        for _ in 0..<min(share, undecided.count) {
          let old = undecided.removeLast()
          if !keep(old, for: snapshots) { unlink(old.cell) }
        }
      }
      if reclamation.isTimeToLook { free(reclamation.advance(table.cells)) }
    }

    private mutating func unlink(_ cell: Cell) {
      // Every cell that is not retired is in the chain of its key.
      var newer = table.cells.find(table.layout.key(of: cell), hash: cell.hash)
      while let next = newer?.older, next != cell { newer = next }
      if let newer { unlink(cell, from: newer) }
    }

    private mutating func free(_ retired: [Reclamation.Retired]) {
      guard !retired.isEmpty else { return }
      var cells: [Cell] = []
      for retired in retired {
        switch retired {
        case .memory(let address): address.deallocate()
        case .cell(let cell):
          if let origin = cell.head.pointee.origin { table.origins.release(origin) }
          cells.append(cell)
        }
      }
      table.giveUp(cells)
    }
  }
}

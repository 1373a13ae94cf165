/// The one writer of a table: puts cells, removes them, and decides what becomes of those that were replaced.
///
/// A put stores a new cell's address where its predecessor's was; the new one points to the old. Only when the commit has
/// been published is it decided what becomes of the old one: if a snapshot sees it, it is kept, and looked at again when that
/// snapshot is gone; otherwise it is taken out of the chain and retired.
///
/// Invariants: a cell that has been put and not retired is in a segment, or can be reached from one by `older`. Of those that
/// are reached by `older`, each but what the commit under way has replaced has the one that points to it as its `newer`.
struct CellWriter: ~Copyable {
  private let table: CellTable
  private let layout: CellLayout
  private let pins: SnapshotPins
  private let origins: Origins
  private(set) var count = 0
  private var lastCommit: UInt64 = 0
  /// What the commit under way has replaced.
  private var replaced: [(old: Cell, new: Cell)] = []
  private var reclamation = Reclamation()
  private var buckets = BucketIndex<UInt64>()
  /// What snapshots see, by the newest snapshot that does.
  private var kept: [UInt64: CellPile] = [:]
  /// What snapshots saw that are gone.
  private var undecided = CellPile()
  private let staysInMemory = StaysInMemory()

  init(_ table: CellTable, pins: SnapshotPins, origins: Origins) {
    self.table = table
    layout = table.layout
    self.pins = pins
    self.origins = origins
  }

  // MARK: Looking up

  // Without a section: nothing is freed but by this thread.

  /// Where a key is, or would be put, until the writer changes the table.
  struct Place {
    let hash: UInt64
    /// What is there, be it one that says that the key is gone.
    let found: CellTable.Place?
    /// The cell of a key that is there.
    let entry: Cell?
  }

  func place(of key: Key) -> Place {
    key.withBytes { place(of: $0) }
  }

  private func place(of key: UnsafeRawBufferPointer) -> Place {
    let hash = table.hash(key)
    let found = table.place(of: key, hash: hash)
    return Place(hash: hash, found: found, entry: found.flatMap { layout.isRemoved($0.cell) ? nil : $0.cell })
  }

  /// Passes the cells of all keys whose ``StableHash`` begins with the `bits` highest bits of `prefix`.
  func forEachCell(inBucket prefix: UInt64, bits: Int, _ body: (Cell) throws -> Void) rethrows {
    try buckets.forEach(inBucket: prefix, bits: bits) { hash, stableHash in
      try table.segment(of: hash).forEachCell(hash: hash) { cell in
        // Two keys may have one hash of the table's.
        guard !layout.isRemoved(cell), StableHash.hash(layout.key(of: cell)) == stableHash else { return }
        try body(cell)
      }
    }
  }

  // MARK: Changing

  /// Begins a commit. What is put until it is published, snapshots see all together or not at all.
  mutating func begin() {
    lastCommit += 1
  }

  /// Puts a cell, made by `make` of the key's bytes and of what a head says of every cell, over that of the same key, if
  /// there is one.
  mutating func put(
    _ key: Key, at place: Place, _ make: (UnsafeRawBufferPointer, CellHead.Position) -> Cell
  ) {
    key.withBytes { put($0, at: place, make) }
  }

  private mutating func put(
    _ key: UnsafeRawBufferPointer, at place: Place,
    _ make: (UnsafeRawBufferPointer, CellHead.Position) -> Cell
  ) {
    let position = CellHead.Position(older: place.found?.cell, birth: lastCommit, hash: place.hash)
    let cell = make(key, position)
    if place.entry == nil {
      count += 1
      buckets.insert(place.hash, hash: StableHash.hash(key))
    }
    if let found = place.found {
      found.segment.replace(at: found.index, with: cell)
      replaced.append((found.cell, cell))
    } else {
      table.insert(cell) { reclamation.retire(.memory($0)) }
    }
  }

  /// Ends a commit. Returns cells that no thread can reach any more.
  mutating func publish() -> [Cell] {
    pins.publish(lastCommit)
    return settle()
  }

  /// Forgets a key altogether, as a commit of its own. If a snapshot still sees it, a cell is put that says that the key is
  /// gone, made by `makeRemoved`. Returns cells that no thread can reach any more.
  mutating func remove(
    _ key: Key, _ makeRemoved: (UnsafeRawBufferPointer, CellHead.Position) -> Cell
  ) -> [Cell] {
    guard let place = key.withBytes({ table.place(of: $0, hash: table.hash($0)) }),
      !layout.isRemoved(place.cell)
    else { return [] }
    lastCommit += 1
    count -= 1
    buckets.remove(place.cell.hash, hash: StableHash.hash(key))
    // No snapshot may begin in between: it would look for the cell and not find it.
    pins.publish(lastCommit) { areAnySnapshots in
      guard areAnySnapshots || place.cell.older != nil else {
        place.segment.erase(at: place.index)
        reclamation.retire(.cell(place.cell))
        return
      }
      let marker = makeRemoved(
        layout.key(of: place.cell),
        CellHead.Position(older: place.cell, birth: lastCommit, hash: place.cell.hash))
      place.segment.replace(at: place.index, with: marker)
      replaced.append((place.cell, marker))
    }
    return settle()
  }

  // MARK: What becomes of what was replaced

  /// Decides about what the last commit has replaced, and does a part of what was put off that goes with the size of it.
  private mutating func settle() -> [Cell] {
    let share = Self.share * (1 + replaced.count)
    if pins.areAny {
      for (old, new) in replaced {
        old.newer = new
        if !keep(old) { unlink(old, from: new) }
      }
    } else {
      for (old, new) in replaced { unlink(old, from: new) }
    }
    replaced.empty(keeping: 1_024)
    decide(share)
    return reclamation.isTimeToLook ? reclaim() : []
  }

  /// How many of the undecided are decided for every cell that is put.
  private static var share: Int { 16 }

  /// Does a good part of what was put off. Returns cells that no thread can reach any more.
  mutating func tidy() -> [Cell] {
    decide(1_024)
    return reclaim()
  }

  /// What is put off. What has been retired waits for readers even if there are none: twice, as ``Reclamation`` does.
  var leftovers: Leftovers {
    if !undecided.isEmpty || pins.areDropped { return .ready }
    return kept.isEmpty && reclamation.isEmpty ? .none : .held
  }

  private mutating func decide(_ share: Int) {
    if pins.areAny {
      for snapshot in pins.takeDropped(atMost: share) {
        if let cells = kept.removeValue(forKey: snapshot) { undecided.append(cells) }
      }
    }
    for _ in 0..<min(share, undecided.count) {
      guard let old = undecided.popLast() else { return }
      if !keep(old) { unlink(old, from: old.newer) }
    }
  }

  /// Keeps a cell if any snapshot sees it: of those from when it was put until the one that points to it was. If there was
  /// another one between the two, no snapshot saw that, and none that begins now does.
  private mutating func keep(_ old: Cell) -> Bool {
    guard let newest = pins.newest(since: old.birth, before: old.newer.birth) else { return false }
    kept[newest, default: CellPile()].append(old)
    return true
  }

  /// Takes a cell out of the chain of its key. `newer` is the one that points to it.
  private mutating func unlink(_ cell: Cell, from newer: Cell) {
    let older = cell.older
    newer.older = older
    older?.newer = newer
    reclamation.retire(.cell(cell))
    if layout.isRemoved(newer), newer.older == nil { erase(newer) }
  }

  /// Takes out what says that a key was removed, when no snapshot sees anything older; unless something newer is there.
  private mutating func erase(_ marker: Cell) {
    let key = layout.key(of: marker)
    // It may have been replaced itself, and has no hash then.
    guard let place = table.place(of: key, hash: table.hash(key)), place.cell == marker else { return }
    place.segment.erase(at: place.index)
    reclamation.retire(.cell(marker))
  }

  private mutating func reclaim() -> [Cell] {
    let retired = reclamation.advance(table)
    var cells: [Cell] = []
    cells.reserveCapacity(retired.count)
    for retired in retired {
      switch retired {
      case .memory(let address): address.deallocate()
      case .cell(let cell):
        if let author = cell.head.pointee.author { origins.release(author) }
        cells.append(cell)
      }
    }
    return cells
  }

  /// What has been retired and may still be held by readers, when the writer comes to its end.
  mutating func takeRetired() -> [Reclamation.Retired] {
    reclamation.takeAll()
  }
}

import Synchronization

// What the writer does to the table's shape. What becomes unreachable by it is handed to `retire`.
extension CellTable {
  /// Where a key's cell is, for the writer: it stays there until the writer inserts.
  struct Place {
    let segment: Segment
    let index: Int
    let cell: Cell
  }

  func place(of key: UnsafeRawBufferPointer, hash: UInt64) -> Place? {
    let segment = segment(of: hash)
    return segment.find(key, hash: hash, layout: layout).map {
      Place(segment: segment, index: $0.index, cell: $0.cell)
    }
  }

  /// Puts a cell whose key has none.
  func insert(_ cell: Cell, retire: (UnsafeMutableRawPointer) -> Void) {
    var segment = segment(of: cell.hash)
    while segment.isFull {
      grow(segment, hash: cell.hash, retire: retire)
      segment = self.segment(of: cell.hash)
    }
    segment.insert(cell)
  }

  private func grow(_ segment: Segment, hash: UInt64, retire: (UnsafeMutableRawPointer) -> Void) {
    // Much of what fills it may be erased.
    let isHalfErased = segment.live * 8 < 3 << segment.slotsLog2
    if isHalfErased {
      replace(segment, hash: hash, slotsLog2: segment.slotsLog2)
    } else if segment.slotsLog2 < Segment.maxSlotsLog2 || !canSplit(segment) {
      replace(segment, hash: hash, slotsLog2: segment.slotsLog2 + 1)
    } else {
      split(segment, hash: hash, retire: retire)
    }
    retire(segment.address)
  }

  /// Hashes are 64 random bits. Should they ever not tell keys apart, segments grow instead of the directory.
  private func canSplit(_ segment: Segment) -> Bool {
    segment.depth < Self.maxDepth
  }

  static var maxDepth: Int { 28 }

  private func replace(_ segment: Segment, hash: UInt64, slotsLog2: Int) {
    let new = Segment(slotsLog2: slotsLog2, depth: segment.depth)
    segment.forEachCell(new.insert)
    let directory = directory
    let width = 1 << (directory.depth - segment.depth)
    let start = directory.index(of: hash) & ~(width - 1)
    for index in start..<(start + width) { directory.set(new, at: index) }
  }

  private func split(_ segment: Segment, hash: UInt64, retire: (UnsafeMutableRawPointer) -> Void) {
    if segment.depth == directory.depth { doubleDirectory(retire: retire) }
    let directory = directory
    let halves = [0, 1].map { _ in Segment(slotsLog2: segment.slotsLog2, depth: segment.depth + 1) }
    segment.forEachCell { cell in
      let bit = Int(truncatingIfNeeded: cell.hash >> UInt64(63 - segment.depth)) & 1
      halves[bit].insert(cell)
    }
    let width = 1 << (directory.depth - segment.depth)
    let start = directory.index(of: hash) & ~(width - 1)
    for index in start..<(start + width) {
      directory.set(halves[index - start < width / 2 ? 0 : 1], at: index)
    }
  }

  private func doubleDirectory(retire: (UnsafeMutableRawPointer) -> Void) {
    let old = directory
    let new = Directory(depth: old.depth + 1) { old.segment($0 / 2) }
    header.pointee.root.store(new.bits, ordering: .sequentiallyConsistent)
    retire(SizedAddress.address(old.bits))
  }
}

// MARK: Walking

extension CellTable {
  /// Passes all cells of the segment that `position`, a beginning of hashes, lies in, and returns where the next segment
  /// begins, or nil after the last. What grows meanwhile or in between is neither left out nor passed twice.
  func forEachCell(inSegmentAt position: UInt64, _ body: (Cell) throws -> Void) rethrows -> UInt64? {
    let segment = segment(of: position)
    try segment.forEachCell(body)
    let depth = segment.depth
    guard depth > 0 else { return nil }
    let width: UInt64 = 1 << UInt64(64 - depth)
    let (next, overflow) = (position & ~(width - 1)).addingReportingOverflow(width)
    return overflow ? nil : next
  }
}

import Synchronization

/// A part of the table: a small hash table for all hashes that begin with the same `depth` bits.
///
/// ```
/// depth | live, used | 2^slotsLog2 words: 0, `erased`, or a cell's address with 16 bits of its hash
/// ```
///
/// Invariants. At least a quarter of the words is empty, so that probing ends. The depth never changes, and the
/// counts are the writer's alone; readers learn the number of words from the word that leads here.
struct Segment {
  let bits: UInt

  /// The writer's.
  private struct Counts {
    /// Cells.
    var live: Int32 = 0
    /// Words that are not empty: cells, and erased ones.
    var used: Int32 = 0
  }

  private static var countsOffset: Int { 8 }
  private static var wordsOffset: Int { 16 }

  static var maxSlotsLog2: Int { 8 }
  /// No cell has this address.
  static var erased: UInt { 1 }

  init(bits: UInt) {
    self.bits = bits
  }

  init(slotsLog2: Int, depth: Int) {
    let count = 1 << slotsLog2
    let address = UnsafeMutableRawPointer.allocate(
      byteCount: Self.wordsOffset + count * MemoryLayout<Atomic<UInt>>.stride, alignment: 16)
    address.initializeMemory(as: Int.self, to: depth)
    (address + Self.countsOffset).initializeMemory(as: Counts.self, to: Counts())
    let words = (address + Self.wordsOffset).bindMemory(to: Atomic<UInt>.self, capacity: count)
    for index in 0..<count { (words + index).initialize(to: Atomic(0)) }
    bits = SizedAddress.make(address, log2: slotsLog2)
  }

  func deallocate() { SizedAddress.address(bits).deallocate() }

  private var counts: UnsafeMutablePointer<Counts> {
    (address + Self.countsOffset).assumingMemoryBound(to: Counts.self)
  }

  @inline(__always)
  private var words: UnsafeMutablePointer<Atomic<UInt>> {
    (SizedAddress.address(bits) + Self.wordsOffset).assumingMemoryBound(to: Atomic<UInt>.self)
  }

  var address: UnsafeMutableRawPointer { SizedAddress.address(bits) }
  var depth: Int { address.load(as: Int.self) }
  var slotsLog2: Int { SizedAddress.log2(bits) }
  var live: Int { Int(counts.pointee.live) }
  /// Whether there is room for one more.
  var isFull: Bool { Int(counts.pointee.used) >= (3 << slotsLog2) / 4 }

  @inline(__always)
  private var mask: Int { 1 &<< SizedAddress.log2(bits) &- 1 }

  @inline(__always)
  private static func home(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) }

  /// The highest bit is always set, so that no cell's word looks like `erased`.
  @inline(__always)
  private static func tag(_ hash: UInt64) -> UInt {
    UInt(truncatingIfNeeded: hash) &<< 24 & 0xffff_0000_0000_0000 | 1 &<< 63
  }

  @inline(__always)
  private static func cell(_ word: UInt) -> Cell? { Cell(bits: word & 0xffff_ffff_ffff) }

  // MARK: For readers

  /// The index of the word that holds the key's cell, and the cell.
  @inline(__always)
  func find(
    _ key: UnsafeRawBufferPointer, hash: UInt64, layout: CellLayout
  ) -> (index: Int, cell: Cell)? {
    let mask = mask
    let tag = Self.tag(hash)
    var index = Self.home(hash) & mask
    while true {
      let word = words[index].load(ordering: .sequentiallyConsistent)
      if word == 0 { return nil }
      if (word ^ tag) >> 48 == 0, let cell = Self.cell(word), layout.hasKey(cell, key) {
        return (index, cell)
      }
      index = (index &+ 1) & mask
    }
  }

  /// All cells that are reachable from its words at some moment while this runs.
  func forEachCell(_ body: (Cell) throws -> Void) rethrows {
    for index in 0..<(1 << slotsLog2) {
      let word = words[index].load(ordering: .sequentiallyConsistent)
      if word > Self.erased, let cell = Self.cell(word) { try body(cell) }
    }
  }

  /// Those with exactly this hash.
  func forEachCell(hash: UInt64, _ body: (Cell) throws -> Void) rethrows {
    let tag = Self.tag(hash)
    var index = Self.home(hash) & mask
    while true {
      let word = words[index].load(ordering: .sequentiallyConsistent)
      if word == 0 { return }
      if (word ^ tag) >> 48 == 0, let cell = Self.cell(word), cell.hash == hash { try body(cell) }
      index = (index &+ 1) & mask
    }
  }

  // MARK: For the writer

  /// Puts a cell whose key is not here.
  func insert(_ cell: Cell) {
    var index = Self.home(cell.hash) & mask
    var word = words[index].load(ordering: .relaxed)
    while word > Self.erased {
      index = (index &+ 1) & mask
      word = words[index].load(ordering: .relaxed)
    }
    if word == 0 { counts.pointee.used += 1 }
    counts.pointee.live += 1
    replace(at: index, with: cell)
  }

  /// Puts a cell in place of one with the same key.
  func replace(at index: Int, with cell: Cell) {
    words[index].store(cell.bits | Self.tag(cell.hash), ordering: .sequentiallyConsistent)
  }

  func erase(at index: Int) {
    words[index].store(Self.erased, ordering: .sequentiallyConsistent)
    counts.pointee.live -= 1
  }
}

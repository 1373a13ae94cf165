import Synchronization

/// A hash table of ``Cell``s that one thread changes while others read: no generics, no locks.
///
/// # Where a cell is
///
/// ```
/// root -> directory of 2^depth words -> segment of 8 to 256 words -> cell
/// ```
///
/// A key's hash chooses a word of the directory by its highest bits, a place in that word's segment by its lowest, and in
/// between lie the bits that are kept with the cell's address as a tag, so that other keys' cells are hardly ever looked
/// at. Words of a segment are probed one after the other. A segment that is filled to three quarters is replaced by a
/// larger one or, once it has 256 words, by two, each for half of its hashes; when there is no word in the directory to
/// tell them apart, the directory is doubled. So growing never takes longer than moving 192 cells and copying the
/// directory, which has one word for about a hundred keys.
///
/// A position in the order of hashes means the same before and after growth: that is how a walk over the table goes on
/// where it was.
///
/// # Why readers see what they must, and nothing that was freed
///
/// 1. What a reader can reach is complete: a cell, a segment and a directory are filled before the store that makes them
///    reachable, which is sequentially consistent, hence a release; readers load those words in the same order, hence
///    acquire.
/// 2. The writer replaces, it does not change: a word of a segment goes from empty to a cell, from a cell to a newer one
///    of the same key, from a cell to `erased`, and from `erased` to a cell. A reader that runs beside it finds the one or
///    the other, and an empty word only where the key is not further on: words do not become empty again.
/// 3. What has been replaced is freed when no reader can hold it. A reader enters a section before it loads `root`, by
///    adding one to a counter, and adds one to another when it has left. The writer, after the store that unlinked, looks
///    for a moment at which as many had left as had entered (see ``Reclamation``). The reader's addition and loads, and
///    the writer's store and loads, are all sequentially consistent. So either the addition comes before the writer's
///    look in their one order, and the writer waits for it, or it comes after; then it comes after the unlinking store
///    too, and the reader's load finds what is there now.
/// 4. Freeing comes after the last reader's last look: leaving is a release that the writer acquires.
///
/// On x86 and arm64 all of this costs a reader two atomic additions, to counters that it shares with hardly any thread.
@usableFromInline
package struct CellTable {
  /// The memory that all parts below live in: a ``Header``, then the stripes of the read sections.
  let base: UnsafeMutableRawPointer

  struct Header: ~Copyable {
    /// Address of the directory, its depth in the highest byte.
    let root: Atomic<UInt>
    /// Offset of the counters in a stripe that readers use now.
    let phase: Atomic<Int>
    let hash: KeyHash
    let layout: CellLayout
  }

  static var stripesOffset: Int { 128 }
  static var stripeBytes: Int { 128 }
  /// More than machines have cores, so that two threads rarely meet.
  static var stripeCount: Int { 64 }

  @inline(__always)
  var header: UnsafeMutablePointer<Header> { base.assumingMemoryBound(to: Header.self) }

  var layout: CellLayout { header.pointee.layout }

  @inline(__always)
  func hash(_ key: UnsafeRawBufferPointer) -> UInt64 { header.pointee.hash(key) }

  init(_ layout: CellLayout) {
    precondition(MemoryLayout<Header>.size <= Self.stripesOffset)
    let bytes = Self.stripesOffset + Self.stripeCount * Self.stripeBytes
    base = .allocate(byteCount: bytes, alignment: 128)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    let directory = Directory(depth: 0) { _ in Segment(slotsLog2: 3, depth: 0) }
    header.initialize(
      to: Header(
        root: Atomic(directory.bits), phase: Atomic(0), hash: .seeded, layout: layout))
  }

  /// Frees the table, not its cells. Nobody reads or writes any more.
  func deallocate() {
    forEachSegment { $0.deallocate() }
    directory.deallocate()
    header.deinitialize(count: 1)
    base.deallocate()
  }

  @inline(__always)
  var directory: Directory { Directory(bits: header.pointee.root.load(ordering: .sequentiallyConsistent)) }

  /// Each once; in the writer's thread, or when there are no others.
  func forEachSegment(_ body: (Segment) -> Void) {
    let directory = directory
    var index = 0
    while index < 1 << directory.depth {
      let segment = directory.segment(index)
      // Before the body, which may free it.
      index += 1 << (directory.depth - segment.depth)
      body(segment)
    }
  }
}

/// A word that points to something and says how large it is: address in the lower 48 bits, logarithm in the highest byte.
///
/// User space addresses have at most 47 bits on all platforms there are.
enum SizedAddress {
  @inline(__always)
  static func make(_ address: UnsafeMutableRawPointer, log2: Int) -> UInt {
    let bits = UInt(bitPattern: address)
    precondition(bits >> 48 == 0, "an address of more than 48 bits")
    return bits | UInt(log2) << 56
  }

  @inline(__always)
  static func address(_ bits: UInt) -> UnsafeMutableRawPointer {
    // Never nil: made of an address.
    UnsafeMutableRawPointer(bitPattern: bits & 0xffff_ffff_ffff).unsafelyUnwrapped
  }

  @inline(__always)
  static func log2(_ bits: UInt) -> Int { Int(truncatingIfNeeded: bits >> 56) }
}

/// 2^depth words, each a ``Segment``; a segment of a smaller depth has several.
struct Directory {
  let bits: UInt

  init(bits: UInt) {
    self.bits = bits
  }

  /// A directory of these segments, which no reader finds before it is stored somewhere.
  init(depth: Int, _ segment: (Int) -> Segment) {
    let words = UnsafeMutablePointer<Atomic<UInt>>.allocate(capacity: 1 << depth)
    for index in 0..<(1 << depth) { (words + index).initialize(to: Atomic(segment(index).bits)) }
    bits = SizedAddress.make(UnsafeMutableRawPointer(words), log2: depth)
  }

  func deallocate() { SizedAddress.address(bits).deallocate() }

  @inline(__always)
  var depth: Int { SizedAddress.log2(bits) }

  @inline(__always)
  func index(of hash: UInt64) -> Int {
    // In two steps, because none of 64 bits cannot be had by a shift of 64.
    Int(truncatingIfNeeded: (hash &>> 1) &>> UInt64(truncatingIfNeeded: 63 &- depth))
  }

  @inline(__always)
  func word(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt>> {
    SizedAddress.address(bits).assumingMemoryBound(to: Atomic<UInt>.self) + index
  }

  @inline(__always)
  func segment(_ index: Int) -> Segment {
    Segment(bits: word(index).pointee.load(ordering: .sequentiallyConsistent))
  }

  func set(_ segment: Segment, at index: Int) {
    word(index).pointee.store(segment.bits, ordering: .sequentiallyConsistent)
  }
}

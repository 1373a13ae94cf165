import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

// How readers come in, look something up, and leave.
//
// A stripe holds, on cache lines of its own, two pairs of counters, how many entered and how many left, and the number of
// sections that are no reads in the sense of the statistics. A thread's address chooses the stripe. The counters only
// ever grow.
extension CellTable {
  static var leftOffset: Int { 8 }
  static var otherPhaseOffset: Int { 16 }
  static var uncountedOffset: Int { 32 }

  /// Enters a read section. What the caller finds in the table from now on stays until the section is ended, which must
  /// be done exactly once. Sections of one thread may lie in one another.
  @inline(__always)
  func enter() -> ReadSection {
    enter(phase: header.pointee.phase.load(ordering: .relaxed))
  }

  /// Apart from `enter()` for tests: between learning the phase and entering it, a thread may be held up for long.
  @inline(__always)
  func enter(phase: Int) -> ReadSection {
    let counters = stripe + phase
    Self.counter(counters).pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    return ReadSection(left: counters + Self.leftOffset)
  }

  /// The same, not counted among the reads.
  func enterUncounted() -> ReadSection {
    Self.counter(stripe + Self.uncountedOffset).pointee.wrappingAdd(1, ordering: .relaxed)
    return enter()
  }

  @inline(__always)
  private var stripe: UnsafeMutableRawPointer {
    #if canImport(Darwin)
      let thread = UInt(bitPattern: pthread_self())
    #else
      let thread = UInt(pthread_self())
    #endif
    let index = (thread >> 6 &* 0x9e37_79b9_7f4a_7c15) >> UInt(64 - Self.stripeCount.trailingZeroBitCount)
    return base + (Self.stripesOffset + Int(bitPattern: index) &* Self.stripeBytes)
  }

  @inline(__always)
  private static func counter(_ address: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Atomic<Int>> {
    address.assumingMemoryBound(to: Atomic<Int>.self)
  }

  /// How many sections were entered, but for those that are no reads.
  var reads: UInt64 {
    var sum = 0
    for index in 0..<Self.stripeCount {
      let stripe = base + (Self.stripesOffset + index * Self.stripeBytes)
      sum &+= Self.counter(stripe).pointee.load(ordering: .relaxed)
      sum &+= Self.counter(stripe + Self.otherPhaseOffset).pointee.load(ordering: .relaxed)
      sum &-= Self.counter(stripe + Self.uncountedOffset).pointee.load(ordering: .relaxed)
    }
    return UInt64(max(0, sum))
  }

  /// Whether there was a moment, after this was called, at which all who had entered this stripe in this phase had left.
  func isQuiet(stripe index: Int, phase: Int) -> Bool {
    let counters = base + (Self.stripesOffset + index * Self.stripeBytes + phase)
    // In this order: who is counted as left here entered before, so equality means that nobody else had.
    let left = Self.counter(counters + Self.leftOffset).pointee.load(ordering: .sequentiallyConsistent)
    return Self.counter(counters).pointee.load(ordering: .sequentiallyConsistent) == left
  }

  /// The cell of a key as it is now, be it one that says that the key is gone. Only in a section, or by the writer.
  @inline(__always)
  func find(_ key: UnsafeRawBufferPointer, hash: UInt64) -> Cell? {
    segment(of: hash).find(key, hash: hash, layout: header.pointee.layout)?.cell
  }

  @inline(__always)
  func segment(of hash: UInt64) -> Segment {
    let directory = directory
    return directory.segment(directory.index(of: hash))
  }
}

/// How the table hashes keys: by multiplying and folding, eight bytes at a time, from a seed drawn once a process.
///
/// Keys may come from whoever wants all of them in one place; without the seed they cannot be chosen so. This hash never
/// leaves the process: for what pods compare there is ``StableHash``.
///
/// The loads below stay within `bytes`: those of eight bytes are only made where at least eight are left, or end with
/// the last byte.
struct KeyHash {
  let first: UInt64
  let second: UInt64

  /// This process's.
  static let seeded = KeyHash(
    first: UInt64.random(in: .min ... .max), second: UInt64.random(in: .min ... .max))

  /// An odd number without a pattern: the golden ratio's.
  private static var increment: UInt64 { 0x9e37_79b9_7f4a_7c15 }

  @inline(__always)
  func callAsFunction(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    let count = bytes.count
    var state = first ^ (UInt64(truncatingIfNeeded: count) &* Self.increment)
    guard let start = bytes.baseAddress, count > 0 else { return Self.fold(state, second) }
    if count >= 8 {
      var offset = 0
      while count &- offset > 16 {
        state = Self.fold(
          Self.word(start, offset) ^ second, Self.word(start, offset &+ 8) ^ state)
        offset &+= 16
      }
      // What is left, at most sixteen bytes; the two words overlap each other or what came before.
      let head = Self.word(start, min(offset, count &- 8))
      state = Self.fold(head ^ second, Self.word(start, count &- 8) ^ state)
    } else {
      state = Self.fold(Self.shortWord(start, count) ^ second, state)
    }
    return Self.fold(state ^ first, second)
  }

  @inline(__always)
  private static func word(_ start: UnsafeRawPointer, _ offset: Int) -> UInt64 {
    start.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }

  /// One to seven bytes as a number; the length is in the state already.
  @inline(__always)
  private static func shortWord(_ start: UnsafeRawPointer, _ count: Int) -> UInt64 {
    if count >= 4 {
      let head = start.loadUnaligned(as: UInt32.self)
      let tail = start.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
      return UInt64(head) << 32 | UInt64(tail)
    }
    let head = start.load(as: UInt8.self)
    let middle = start.load(fromByteOffset: count / 2, as: UInt8.self)
    let tail = start.load(fromByteOffset: count - 1, as: UInt8.self)
    return UInt64(head) << 16 | UInt64(middle) << 8 | UInt64(tail)
  }

  @inline(__always)
  private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }
}

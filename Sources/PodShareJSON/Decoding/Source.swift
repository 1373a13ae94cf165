import Foundation

/// The text that is read.
///
/// Unsafe code with these invariants: `start` points to `count` bytes that do not change and that are there as long as
/// this is used. They are the caller's during a call of `JSON.decode`; if a decoder outlives that, ``DecodingState``
/// exchanges them for a copy before it returns. Positions come from the scanner, which keeps them within the text; a
/// range of them is checked.
struct Source {
  private let start: UnsafeRawPointer
  let count: Int

  init(_ bytes: UnsafeRawBufferPointer) {
    // An empty buffer may have no address, and is never loaded from.
    start = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
    count = bytes.count
  }

  static var empty: Source { Source(UnsafeRawBufferPointer(start: nil, count: 0)) }

  // MARK: Bytes

  /// The byte at a position, which must be in the text.
  @inline(__always)
  subscript(position: Int) -> UInt8 {
    assert(position >= 0 && position < count)
    return start.load(fromByteOffset: position, as: UInt8.self)
  }

  /// The eight bytes from a position on, which must all be in the text.
  @inline(__always)
  func word(at position: Int) -> UInt64 {
    assert(position >= 0 && position <= count - 8)
    return start.loadUnaligned(fromByteOffset: position, as: UInt64.self)
  }

  /// Where from a position on the first quote, backslash or control character is; the end of the text if there is none.
  @inline(__always)
  func nextToEscape(from position: Int) -> Int {
    var position = position
    while position &+ 8 <= count {
      let marks = word(at: position).bytesToEscape
      if marks != 0 { return position &+ marks.trailingZeroBitCount >> 3 }
      position &+= 8
    }
    while position < count, !self[position].isEscaped { position &+= 1 }
    return position
  }

  var all: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

  /// The text of a string or number.
  func bytes(_ token: Token) -> UnsafeRawBufferPointer {
    bytes(Int(token.offset)..<Int(token.offset) + Int(token.length))
  }

  func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return UnsafeRawBufferPointer(start: start + range.lowerBound, count: range.count)
  }

  /// Whether a string's text is these bytes.
  @inline(__always)
  func text(of token: Token, equals bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard Int(token.length) == bytes.count else { return false }
    guard let other = bytes.baseAddress else { return true }
    return memcmp(start + Int(token.offset), other, bytes.count) == 0
  }

  func equal(_ first: Token, _ second: Token) -> Bool {
    first.length == second.length
      && memcmp(start + Int(first.offset), start + Int(second.offset), Int(first.length)) == 0
  }

  // MARK: Hashes

  /// A number for the bytes of a key, different in each process: keys may come from those who want them to collide.
  @inline(__always)
  func hash(from position: Int, length: Int, seed: UInt64) -> UInt32 {
    var hash = seed ^ UInt64(truncatingIfNeeded: length)
    var position = position
    var rest = length
    while rest >= 8 {
      hash = hash.mixed(with: word(at: position))
      position &+= 8
      rest &-= 8
    }
    if rest > 0 {
      var last: UInt64 = 0
      if position &+ 8 <= count {
        last = word(at: position) & (1 &<< UInt64(truncatingIfNeeded: rest &* 8) &- 1)
      } else {
        for offset in 0..<rest {
          last |= UInt64(self[position &+ offset]) &<< UInt64(truncatingIfNeeded: offset &* 8)
        }
      }
      hash = hash.mixed(with: last)
    }
    return UInt32(truncatingIfNeeded: hash ^ (hash >> 32))
  }
}

extension UInt64 {
  @inline(__always)
  fileprivate func mixed(with word: UInt64) -> UInt64 {
    let product = (self ^ word).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
    return product.high ^ product.low ^ (self &+ word)
  }
}

// Bytes in somebody else's memory, eight at a time. The last eight may overlap with those before them.

extension Span<UInt8> {
  /// The number that stands at an offset, the most significant byte first. Traps unless all of it is there.
  @inline(__always)
  func integer<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as _: Number.Type = Number.self)
    -> Number
  {
    // Unsafe only for types that are not any bytes.
    Number(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Number.self))
  }

  /// Whether these are the same bytes.
  func hasBytes(of other: Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    guard count >= 8 else {
      for index in 0..<count where self[index] != other[index] { return false }
      return true
    }
    var offset = 0
    while offset < count &- 8 {
      guard integer(at: offset, as: UInt64.self) == other.integer(at: offset) else { return false }
      offset &+= 8
    }
    return integer(at: count &- 8, as: UInt64.self) == other.integer(at: count &- 8)
  }

  /// Whether the first `length` bytes are those of another span, which must have as many.
  func begins(with other: Span<UInt8>, upTo length: Int) -> Bool {
    precondition(length <= other.count)
    guard count >= length else { return false }
    return extracting(first: length).hasBytes(of: other.extracting(first: length))
  }

  /// Whether all bytes are below 0x80.
  var isASCII: Bool {
    guard count >= 8 else {
      for index in 0..<count where self[index] >= 0x80 { return false }
      return true
    }
    var bits: UInt64 = 0
    var offset = 0
    while offset < count &- 8 {
      bits |= integer(at: offset, as: UInt64.self)
      offset &+= 8
    }
    bits |= integer(at: count &- 8, as: UInt64.self)
    return bits & 0x8080_8080_8080_8080 == 0
  }
}

// Bytes, eight at a time. The loads of eight bytes are only made where at least eight are left, or end with the last byte.

extension UnsafeRawPointer {
  /// Whether the `count` bytes here are those there.
  @inline(__always)
  func hasBytes(of other: UnsafeRawPointer, count: Int) -> Bool {
    guard count >= 8 else {
      for offset in 0..<count
      where load(fromByteOffset: offset, as: UInt8.self) != other.load(fromByteOffset: offset, as: UInt8.self)
      {
        return false
      }
      return true
    }
    var offset = 0
    while offset < count &- 8 {
      guard
        loadUnaligned(fromByteOffset: offset, as: UInt64.self)
          == other.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      else { return false }
      offset &+= 8
    }
    return loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
      == other.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
  }
}

extension UnsafeRawBufferPointer {
  /// Whether these are the same bytes.
  @inline(__always)
  func hasBytes(of other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count else { return false }
    guard let baseAddress, let others = other.baseAddress else { return true }
    return baseAddress.hasBytes(of: others, count: count)
  }

  /// Whether all bytes are below 0x80.
  var isASCII: Bool {
    var bits: UInt64 = 0
    var offset = 0
    while count &- offset >= 8 {
      bits |= loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      offset &+= 8
    }
    while offset < count {
      bits |= UInt64(self[offset])
      offset &+= 1
    }
    return bits & 0x8080_8080_8080_8080 == 0
  }
}

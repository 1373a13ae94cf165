// What is written into a buffer at once: each call to a buffer takes longer than what it is called for, so all of it is
// written into a span of the buffer's memory. What does not fit into that is a programmer's error, and traps.

extension OutputRawSpan {
  /// Appends a number, the most significant byte first.
  @inline(__always)
  @_lifetime(self: copy self)
  mutating func writeInteger<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number) {
    append(number.bigEndian, as: Number.self)
  }

  /// Unsigned LEB128: seven bits a byte, the lowest first.
  @inline(__always)
  @_lifetime(self: copy self)
  mutating func writeVarint(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }

  /// Appends bytes, eight at a time as long as there are so many.
  @_lifetime(self: copy self)
  mutating func writeBytes(_ bytes: Span<UInt8>) {
    var offset = 0
    while offset < bytes.count &- 7 {
      writeInteger(bytes.integer(at: offset, as: UInt64.self))
      offset &+= 8
    }
    // What is left has less than eight: four, two and one, or some of these.
    if bytes.count & 4 != 0 {
      writeInteger(bytes.integer(at: offset, as: UInt32.self))
      offset &+= 4
    }
    if bytes.count & 2 != 0 {
      writeInteger(bytes.integer(at: offset, as: UInt16.self))
      offset &+= 2
    }
    if bytes.count & 1 != 0 { append(bytes[offset]) }
  }

  @_lifetime(self: copy self)
  mutating func writeKey(_ key: Span<UInt8>) {
    writeVarint(UInt64(key.count))
    writeBytes(key)
  }

  @_lifetime(self: copy self)
  mutating func writeIdentity(_ identity: PodIdentity) {
    Key(identity.nodeID).withSpan { bytes in
      writeInteger(UInt8(bytes.count))
      writeBytes(bytes)
    }
    writeInteger(identity.incarnation)
  }

  @_lifetime(self: copy self)
  mutating func writeLifetime(_ lifetime: Lifetime) {
    writeVarint(lifetime.kind)
    guard lifetime.kind != Lifetime.permanent.kind else { return }
    writeVarint(UInt64(lifetime.bytes.count))
    writeBytes(lifetime.bytes.span)
  }
}

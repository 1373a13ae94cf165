import NIOCore

/// Writes several things into a buffer at once.
///
/// It writes into the buffer's memory itself, since each call to a buffer takes longer than what it is called for. What makes
/// that safe: a writer is only to be had while `write` runs, which has reserved the memory, and cannot be copied out of there;
/// and it stores nothing but by `reserve`, which has compared with what is left.
struct WireWriter: ~Copyable {
  private let bytes: UnsafeMutableRawBufferPointer
  private var count = 0

  private init(_ bytes: UnsafeMutableRawBufferPointer) {
    self.bytes = bytes
  }

  /// Passes a writer that appends to a buffer.
  ///
  /// - Parameter limit: The most that is written; more is a programmer's error, and traps.
  static func write(to buffer: inout ByteBuffer, atMost limit: Int, _ body: (inout WireWriter) -> Void) {
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: limit) { bytes in
      var writer = WireWriter(bytes)
      body(&writer)
      return writer.count
    }
  }

  /// The next bytes, to be filled.
  @inline(__always)
  private mutating func reserve(_ length: Int) -> UnsafeMutableRawPointer {
    precondition(length <= bytes.count &- count, "more is written than was said")
    defer { count &+= length }
    // There is memory, since there is room for something.
    return bytes.baseAddress.unsafelyUnwrapped + count
  }

  @inline(__always)
  mutating func integer<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number) {
    reserve(MemoryLayout<Number>.size).storeBytes(of: number.bigEndian, as: Number.self)
  }

  /// Unsigned LEB128: seven bits a byte, the lowest first.
  @inline(__always)
  mutating func varint(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      integer(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    integer(UInt8(rest))
  }

  mutating func bytes(_ bytes: UnsafeRawBufferPointer) {
    guard let address = bytes.baseAddress, bytes.count > 0 else { return }
    reserve(bytes.count).copyMemory(from: address, byteCount: bytes.count)
  }

  mutating func key(_ key: Key) {
    key.withBytes { self.key($0) }
  }

  mutating func key(_ key: UnsafeRawBufferPointer) {
    varint(UInt64(key.count))
    bytes(key)
  }

  mutating func identity(_ identity: PodIdentity) {
    Key(identity.nodeID).withBytes { bytes in
      integer(UInt8(bytes.count))
      self.bytes(bytes)
    }
    integer(identity.incarnation)
  }

  mutating func lifetime(_ lifetime: Lifetime) {
    varint(lifetime.kind)
    guard lifetime.kind != Lifetime.permanent.kind else { return }
    varint(UInt64(lifetime.bytes.count))
    lifetime.bytes.withUnsafeBytes { bytes($0) }
  }

  /// The most that a varint takes.
  static var varintBytes: Int { 10 }

  static func maxBytes(of identity: PodIdentity) -> Int { 1 + identity.nodeID.utf8.count + 8 }
}

import NIOCore

/// A pod together with the bytes that name it, and those that its writes begin with.
package final class EncodedIdentity: Sendable {
  package let identity: PodIdentity
  fileprivate let bytes: [UInt8]
  let preamble: WriteEncoder.Preamble

  package init(_ identity: PodIdentity) {
    self.identity = identity
    var bytes = ByteBuffer()
    bytes.writeIdentity(identity)
    self.bytes = Array(bytes.readableBytesView)
    preamble = WriteEncoder.Preamble(author: identity)
  }
}

/// Reads a message from front to back; every read that does not fit throws.
///
/// It looks at the message's memory itself, since each call to a buffer takes longer than what it is called for. What makes
/// that safe: a reader is only to be had while `read` runs, which holds the message, and cannot be copied out of there; and
/// it loads nothing but by `take`, which has compared with what is left.
struct WireReader: ~Copyable {
  private let message: ByteBuffer
  /// The readable bytes of the message.
  private let bytes: UnsafeRawBufferPointer
  private var offset = 0
  private let known: EncodedIdentity?
  var origin: String?

  private init(_ message: ByteBuffer, _ bytes: UnsafeRawBufferPointer, knowing known: EncodedIdentity?) {
    self.message = message
    self.bytes = bytes
    self.known = known
  }

  /// Passes a reader of a message.
  ///
  /// - Parameter known: A pod that is likely to be named, whose identity is then this.
  static func read<Result>(
    _ message: ByteBuffer, knowing known: EncodedIdentity? = nil,
    _ body: (inout WireReader) throws(WireError) -> Result
  ) throws(WireError) -> Result {
    try message.withUnsafeReadableBytes { bytes throws(WireError) in
      var reader = WireReader(message, bytes, knowing: known)
      return try body(&reader)
    }
  }

  /// Whether the first `length` bytes of a message are those.
  static func begins(_ message: ByteBuffer, with bytes: [UInt8], upTo length: Int) -> Bool {
    message.withUnsafeReadableBytes { begins($0, with: bytes, upTo: length) }
  }

  private static func begins(
    _ message: UnsafeRawBufferPointer, with bytes: [UInt8], upTo length: Int
  ) -> Bool {
    precondition(length <= bytes.count)
    return bytes.withUnsafeBytes { bytes in
      guard message.count >= length, let start = message.baseAddress, let expected = bytes.baseAddress
      else { return false }
      return start.hasBytes(of: expected, count: length)
    }
  }

  var remaining: Int { bytes.count &- offset }

  func error(_ reason: WireError.Reason) -> WireError {
    WireError(reason, origin: origin)
  }

  func requireEnd() throws(WireError) {
    guard remaining == 0 else { throw error(.trailingBytes) }
  }

  /// Checks the four bytes that end the message against all those before them.
  func requireChecksum() throws(WireError) {
    let length = MemoryLayout<UInt32>.size
    guard remaining >= length else { throw error(.truncated) }
    let end = bytes.count - length
    let checksum = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self))
    guard checksum == CRC32C.checksum(of: UnsafeRawBufferPointer(rebasing: bytes[..<end])) else {
      throw error(.checksumMismatch)
    }
  }

  /// The next bytes, whose number must not be negative.
  @inline(__always)
  private mutating func take(_ length: Int) throws(WireError) -> UnsafeRawBufferPointer {
    guard length <= remaining else { throw error(.truncated) }
    defer { offset &+= length }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset &+ length)])
  }

  @inline(__always)
  mutating func integer<Number: FixedWidthInteger & BitwiseCopyable>(
    _: Number.Type = Number.self
  ) throws(WireError) -> Number {
    Number(bigEndian: try take(MemoryLayout<Number>.size).loadUnaligned(as: Number.self))
  }

  @inline(__always)
  mutating func varint() throws(WireError) -> UInt64 {
    let first = try integer(UInt8.self)
    return first < 0x80 ? UInt64(first) : try varint(after: first)
  }

  private mutating func varint(after first: UInt8) throws(WireError) -> UInt64 {
    var number = UInt64(first & 0x7f)
    var shift: UInt64 = 7
    while true {
      let byte = try integer(UInt8.self)
      guard shift < 63 || (shift == 63 && byte <= 1) else { throw error(.numberOverflow) }
      number |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return number }
      shift += 7
    }
  }

  /// A varint that counts things of at least one byte each: never more than there are bytes left.
  mutating func count() throws(WireError) -> Int {
    let number = try varint()
    guard number <= UInt64(remaining) else { throw error(.truncated) }
    return Int(number)
  }

  mutating func slice(_ length: Int) throws(WireError) -> ByteBuffer {
    guard let slice = message.getSlice(at: message.readerIndex + offset, length: length) else {
      throw error(.truncated)
    }
    offset += length
    return slice
  }

  mutating func text(_ length: Int) throws(WireError) -> String {
    try text(try take(length))
  }

  private func text(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> String {
    let text = String(decoding: bytes, as: UTF8.self)
    // In what is not UTF-8 something has been replaced. To have every text validated would take three times as long.
    guard bytes.isASCII || text.utf8.elementsEqual(bytes) else { throw error(.invalidUTF8) }
    return text
  }

  mutating func bytes(_ length: Int) throws(WireError) -> [UInt8] {
    Array(try take(length))
  }

  mutating func key() throws(WireError) -> Key {
    let length = try varint()
    guard length <= UInt64(WireLimits.keyBytes) else {
      throw error(.malformed("a key is longer than \(WireLimits.keyBytes) bytes"))
    }
    return Key(try text(Int(length)))
  }

  /// A pod that sends messages of this version, and so has an incarnation.
  mutating func identity() throws(WireError) -> PodIdentity {
    let identity = try author()
    guard identity.hasKnownIncarnation else { throw error(.numberOverflow) }
    return identity
  }

  /// A pod that has written something, perhaps in wire version 1.
  mutating func author() throws(WireError) -> PodIdentity {
    if let known, skip(known.bytes, upTo: known.bytes.count) { return known.identity }
    let bytes = try take(Int(try integer(UInt8.self)))
    let incarnation: UInt64 = try integer()
    guard PodIdentity.incarnations.contains(incarnation) || incarnation == PodIdentity.unknownIncarnation
    else { throw error(.numberOverflow) }
    if let name = NodeNames.ofThisProcess.known(bytes) {
      return PodIdentity(name, incarnation: incarnation)
    }
    let nodeID = try text(bytes)
    guard Names.isValidNodeID(nodeID) else {
      throw error(.malformed("a node ID is empty or has control characters"))
    }
    guard let identity = PodIdentity(heardOf: nodeID, incarnation: incarnation) else {
      throw error(.tooManyNodeIDs)
    }
    return identity
  }

  /// Skips the first `length` of these bytes if they are the next.
  mutating func skip(_ expected: [UInt8], upTo length: Int) -> Bool {
    guard Self.begins(UnsafeRawBufferPointer(rebasing: bytes[offset...]), with: expected, upTo: length)
    else { return false }
    offset += length
    return true
  }

  /// Skips so many bytes, which must not be a negative number, and says where among the message's readable ones they are.
  mutating func range(_ length: Int) throws(WireError) -> Range<Int> {
    _ = try take(length)
    return (offset - length)..<offset
  }

  /// A copy of some of the message's readable bytes.
  func bytes(in range: Range<Int>) -> [UInt8] { Array(bytes[range]) }

  mutating func timestamp() throws(WireError) -> Timestamp {
    let stamp = Timestamp(nanoseconds: try integer())
    guard stamp.isInRange else { throw error(.timestampOutOfRange) }
    return stamp
  }

  mutating func lifetime() throws(WireError) -> Lifetime {
    let kind = try varint()
    guard kind != Lifetime.permanent.kind else { return .permanent }
    return Lifetime(kind: kind, bytes: try bytes(try count()))
  }

  mutating func value() throws(WireError) -> ByteBuffer {
    let length: UInt32 = try integer()
    return try slice(Int(length))
  }
}

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
/// It looks at the message's memory by way of a span, since each call to a buffer takes longer than what it is called for.
struct WireReader: ~Copyable, ~Escapable {
  private let message: ByteBuffer
  /// The readable bytes of the message.
  private let bytes: Span<UInt8>
  private var offset = 0
  private let known: EncodedIdentity?
  var origin: String?

  @_lifetime(borrow message)
  private init(_ message: borrowing ByteBuffer, knowing known: EncodedIdentity?) {
    self.message = copy message
    self.bytes = message.readableBytesUInt8Span
    self.known = known
  }

  /// Passes a reader of a message.
  ///
  /// - Parameter known: A pod that is likely to be named, whose identity is then this.
  static func read<Result>(
    _ message: ByteBuffer, knowing known: EncodedIdentity? = nil,
    _ body: (inout WireReader) throws(WireError) -> Result
  ) throws(WireError) -> Result {
    var reader = WireReader(message, knowing: known)
    return try body(&reader)
  }

  /// Whether the first `length` bytes of a message are those.
  static func begins(_ message: ByteBuffer, with bytes: [UInt8], upTo length: Int) -> Bool {
    message.readableBytesUInt8Span.begins(with: bytes.span, upTo: length)
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
    guard bytes.integer(at: end, as: UInt32.self) == CRC32C.checksum(of: bytes.extracting(first: end)) else {
      throw error(.checksumMismatch)
    }
  }

  /// Skips bytes, whose number must not be negative, and says where they are.
  @inline(__always)
  private mutating func take(_ length: Int) throws(WireError) -> Range<Int> {
    guard length <= remaining else { throw error(.truncated) }
    defer { offset &+= length }
    return offset..<(offset &+ length)
  }

  @inline(__always)
  mutating func integer<Number: FixedWidthInteger & BitwiseCopyable>(
    _: Number.Type = Number.self
  ) throws(WireError) -> Number {
    let start = try take(MemoryLayout<Number>.size).lowerBound
    return bytes.integer(at: start)
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
    try key(try take(length)).string
  }

  private func key(_ range: Range<Int>) throws(WireError) -> Key {
    guard let key = Key(utf8: bytes.extracting(range)) else { throw error(.invalidUTF8) }
    return key
  }

  mutating func bytes(_ length: Int) throws(WireError) -> [UInt8] {
    bytes(in: try take(length))
  }

  mutating func key() throws(WireError) -> Key {
    let length = try varint()
    guard length <= UInt64(WireLimits.keyBytes) else {
      throw error(.malformed("a key is longer than \(WireLimits.keyBytes) bytes"))
    }
    return try key(try take(Int(length)))
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
    let range = try take(Int(try integer(UInt8.self)))
    let incarnation: UInt64 = try integer()
    guard PodIdentity.incarnations.contains(incarnation) || incarnation == PodIdentity.unknownIncarnation
    else { throw error(.numberOverflow) }
    if let name = NodeNames.ofThisProcess.known(bytes.extracting(range)) {
      return PodIdentity(name, incarnation: incarnation)
    }
    let nodeID = try key(range).string
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
    guard bytes.extracting(offset...).begins(with: expected.span, upTo: length) else { return false }
    offset += length
    return true
  }

  /// Skips so many bytes, which must not be a negative number, and says where among the message's readable ones they are.
  mutating func range(_ length: Int) throws(WireError) -> Range<Int> {
    try take(length)
  }

  /// A copy of some of the message's readable bytes.
  func bytes(in range: Range<Int>) -> [UInt8] {
    message.getBytes(at: message.readerIndex + range.lowerBound, length: range.count) ?? []
  }

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

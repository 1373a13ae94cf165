package import NIOCore

extension ByteBuffer {
  /// Unsigned LEB128: seven bits a byte, the lowest first.
  package mutating func writeVarint(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    writeInteger(UInt8(rest))
  }

  package mutating func writeVarint(_ number: Int) {
    writeVarint(UInt64(number))
  }

  mutating func writeKey(_ key: Key) {
    writeVarint(key.string.utf8.count)
    writeString(key.string)
  }

  mutating func writeIdentity(_ identity: PodIdentity) {
    writeInteger(UInt8(identity.nodeID.utf8.count))
    writeString(identity.nodeID)
    writeInteger(identity.incarnation)
  }

  mutating func writeLifetime(_ lifetime: Lifetime) {
    writeVarint(lifetime.kind)
    guard lifetime.kind != Lifetime.permanent.kind else { return }
    writeVarint(lifetime.bytes.count)
    writeBytes(lifetime.bytes)
  }
}

/// A pod together with the bytes that name it.
struct EncodedIdentity: Sendable {
  let identity: PodIdentity
  fileprivate let bytes: ByteBuffer

  init(_ identity: PodIdentity) {
    self.identity = identity
    var bytes = ByteBuffer()
    bytes.writeIdentity(identity)
    self.bytes = bytes
  }
}

/// Reads a message from front to back; every read that does not fit throws.
struct WireReader {
  private var buffer: ByteBuffer
  private let known: EncodedIdentity?
  var origin: String?

  /// - Parameter known: A pod that is likely to be named, whose identity is then this.
  init(_ buffer: ByteBuffer, knowing known: EncodedIdentity? = nil) {
    self.buffer = buffer
    self.known = known
  }

  var remaining: Int { buffer.readableBytes }

  func error(_ reason: WireError.Reason) -> WireError {
    WireError(reason, origin: origin)
  }

  func requireEnd() throws(WireError) {
    guard remaining == 0 else { throw error(.trailingBytes) }
  }

  mutating func integer<Number: FixedWidthInteger>(_: Number.Type = Number.self) throws(WireError) -> Number {
    guard let number = buffer.readInteger(as: Number.self) else { throw error(.truncated) }
    return number
  }

  mutating func varint() throws(WireError) -> UInt64 {
    var number: UInt64 = 0
    var shift: UInt64 = 0
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
    guard let slice = buffer.readSlice(length: length) else { throw error(.truncated) }
    return slice
  }

  mutating func text(_ length: Int) throws(WireError) -> String {
    guard let text = buffer.getString(at: buffer.readerIndex, length: length) else { throw error(.truncated) }
    // What is not UTF-8 has become U+FFFD, which begins with this byte. To validate every text would take three times as
    // long.
    if text.utf8.withContiguousStorageIfAvailable({ $0.contains(0xef) }) ?? true {
      guard (try? buffer.getUTF8ValidatedString(at: buffer.readerIndex, length: length)) != nil else {
        throw error(.invalidUTF8)
      }
    }
    buffer.moveReaderIndex(forwardBy: length)
    return text
  }

  mutating func bytes(_ length: Int) throws(WireError) -> [UInt8] {
    guard let bytes = buffer.readBytes(length: length) else { throw error(.truncated) }
    return bytes
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
    if let known, skip(known.bytes) { return known.identity }
    let nodeID = try text(Int(try integer(UInt8.self)))
    guard Names.isValidNodeID(nodeID) else {
      throw error(.malformed("a node ID is empty or has control characters"))
    }
    let incarnation: UInt64 = try integer()
    let identity = PodIdentity(nodeID: nodeID, incarnation: incarnation)
    guard PodIdentity.incarnations.contains(incarnation) || !identity.hasKnownIncarnation else {
      throw error(.numberOverflow)
    }
    return identity
  }

  /// Skips these bytes if they are the next.
  private mutating func skip(_ bytes: ByteBuffer) -> Bool {
    guard buffer.getSlice(at: buffer.readerIndex, length: bytes.readableBytes) == bytes else { return false }
    buffer.moveReaderIndex(forwardBy: bytes.readableBytes)
    return true
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

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

  mutating func writeIdentity(_ identity: PodIdentity) {
    writeInteger(UInt8(identity.nodeID.utf8.count))
    writeString(identity.nodeID)
    writeInteger(identity.incarnation)
  }
}

package import NIOCore

extension Write {
  /// The write with its value as bytes, in a buffer of their own.
  package func encoded(by encode: (Value, inout ByteBuffer) throws -> Void) throws -> WireEntry {
    let content: WireEntry.Content
    switch self.content {
    case .set(let value):
      var bytes = ByteBuffer()
      try encode(value, &bytes)
      content = .set(lifetime: .permanent, bytes: bytes)
    case .setOpaque(let opaque):
      content = .set(lifetime: opaque.lifetime, bytes: ByteBuffer(bytes: opaque.bytes))
    case .delete(let time):
      content = .delete(at: time)
    }
    let fingerprint =
      if case .setOpaque(let opaque) = self.content { opaque.fingerprint } else { self.fingerprint }
    return WireEntry(
      key: key, version: version, epoch: epoch, content: content, fingerprint: fingerprint)
  }
}

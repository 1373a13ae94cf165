package import NIOCore

extension WireEntry {
  /// The entry with its value decoded; or, with the reason, the entry with its bytes kept as they are.
  @inline(__always)
  package func decoded<Value: Sendable>(
    by decode: (Key, ByteBuffer) throws -> Value
  ) -> (Write<Value>, undecodable: String?) {
    switch content {
    case .delete(let time):
      return (Write(key: key, version: version, epoch: epoch, content: .delete(at: time)), nil)
    case .set(let lifetime, let bytes):
      let reason: String
      if lifetime == .permanent {
        do {
          let value = try decode(key, bytes)
          let content = Write<Value>.Content.set(value)
          return (
            Write(key: key, version: version, epoch: epoch, content: content, fingerprint: fingerprint), nil
          )
        } catch {
          reason = "\(error)"
        }
      } else {
        reason = "lifetime \(lifetime.kind) is not known to this build"
      }
      let opaque = OpaqueWrite(
        version: version, lifetime: lifetime, bytes: Array(bytes.readableBytesView),
        fingerprint: fingerprint)
      return (Write(key: key, version: version, epoch: epoch, content: .setOpaque(opaque)), reason)
    }
  }
}

package import NIOCore

extension StateEncoder {
  /// Adds what the table holds under a key.
  package mutating func add<Value: Sendable>(
    _ entry: StoredEntry<Value>, forKey key: Key, encode: (Value, inout ByteBuffer) throws -> Void
  ) throws {
    try entry.forEachWrite(forKey: key) { write in
      switch write.content {
      case .set(let value):
        try set(key, version: write.version, epoch: write.epoch, fingerprint: write.fingerprint) {
          try encode(value, &$0)
        }
      case .setOpaque(let opaque):
        try set(
          key, version: write.version, epoch: write.epoch, fingerprint: opaque.fingerprint,
          lifetime: opaque.lifetime
        ) {
          $0.writeBytes(opaque.bytes)
        }
      case .delete(let time):
        // Mostly the tombstone's version is that of the delete, and says it all.
        let epoch = write.epoch == .after(write.version) ? .beginning : write.epoch
        delete(key, version: write.version, epoch: epoch, deletedAt: time)
      }
    }
  }
}

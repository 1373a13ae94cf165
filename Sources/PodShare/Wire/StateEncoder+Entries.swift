import NIOCore

extension StateEncoder {
  /// Adds what the table holds under a key. In merge mode that can be several writes side by side: the joined value,
  /// and those that this build could not decode.
  package mutating func add<Value: Sendable>(
    _ entry: StoredEntry<Value>, forKey key: Key, codec: any Codec<Value>
  ) throws {
    switch entry.content {
    case .value(let value):
      try set(key, version: entry.version, epoch: entry.epoch) { try codec.encode(value, into: &$0) }
    case .tombstone(let deletedAt):
      // Mostly the tombstone's version is that of the delete, and says it all.
      let epoch = entry.epoch == .after(entry.version) ? .beginning : entry.epoch
      delete(key, version: entry.version, epoch: epoch, deletedAt: deletedAt)
    case .opaque(let writes, let readable):
      if case .after(let delete) = entry.epoch, !writes.contains(where: { $0.version == entry.version }),
        readable?.version != entry.version
      {
        // The greatest version is that of a write which the delete had ended: it goes with the delete.
        self.delete(key, version: entry.version, epoch: entry.epoch, deletedAt: delete.timestamp)
      }
      if let readable {
        try set(key, version: readable.version, epoch: entry.epoch) {
          try codec.encode(readable.value, into: &$0)
        }
      }
      for write in writes {
        try set(key, version: write.version, epoch: entry.epoch, lifetime: write.lifetime) {
          $0.writeBytes(write.bytes)
        }
      }
    }
  }
}

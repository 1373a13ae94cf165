extension StoredEntry {
  /// The writes from which another replica would make this entry, in the order in which they are to be sent.
  package func writes(forKey key: Key) -> [Write<Value>] {
    var writes: [Write<Value>] = []
    forEachWrite(forKey: key) { writes.append($0) }
    return writes
  }

  /// Passes the writes from which another replica would make this entry, in the order in which they are to be sent.
  ///
  /// Mostly one. In merge mode there can be several side by side: the joined value, and those that this build could not
  /// decode.
  package func forEachWrite(forKey key: Key, _ body: (Write<Value>) throws -> Void) rethrows {
    switch content {
    case .value(let value):
      try body(
        Write(key: key, version: version, epoch: epoch, content: .set(value), fingerprint: fingerprint))
    case .tombstone(let deletedAt):
      // A tombstone always has an epoch of its own, even where nobody asks for it.
      let epoch = epoch == .beginning ? .after(version) : epoch
      try body(Write(key: key, version: version, epoch: epoch, content: .delete(at: deletedAt)))
    case .opaque(let opaque, let readable):
      if case .after(let delete) = epoch, !opaque.contains(where: { $0.version == version }),
        readable?.version != version
      {
        // The greatest version is that of a write which the delete had ended: it goes with the delete.
        try body(Write(key: key, version: version, epoch: epoch, content: .delete(at: delete.timestamp)))
      }
      if let readable {
        try body(
          Write(
            key: key, version: readable.version, epoch: epoch, content: .set(readable.value),
            fingerprint: fingerprint))
      }
      for write in opaque {
        try body(Write(key: key, version: write.version, epoch: epoch, content: .setOpaque(write)))
      }
    }
  }
}

extension StoredEntry {
  /// The writes from which another replica would make this entry, in the order in which they are to be sent.
  ///
  /// Mostly one. In merge mode there can be several side by side: the joined value, and those that this build could not
  /// decode.
  package func writes(forKey key: Key) -> [Write<Value>] {
    switch content {
    case .value(let value):
      return [
        Write(
          key: key, version: version, epoch: epoch, content: .set(value), fingerprint: fingerprint)
      ]
    case .tombstone(let deletedAt):
      // A tombstone always has an epoch of its own, even where nobody asks for it.
      let epoch = epoch == .beginning ? .after(version) : epoch
      return [Write(key: key, version: version, epoch: epoch, content: .delete(at: deletedAt))]
    case .opaque(let opaque, let readable):
      var writes: [Write<Value>] = []
      if case .after(let delete) = epoch, !opaque.contains(where: { $0.version == version }),
        readable?.version != version
      {
        // The greatest version is that of a write which the delete had ended: it goes with the delete.
        writes.append(
          Write(key: key, version: version, epoch: epoch, content: .delete(at: delete.timestamp)))
      }
      if let readable {
        writes.append(
          Write(
            key: key, version: readable.version, epoch: epoch, content: .set(readable.value),
            fingerprint: fingerprint))
      }
      return writes
        + opaque.map { Write(key: key, version: $0.version, epoch: epoch, content: .setOpaque($0)) }
    }
  }
}

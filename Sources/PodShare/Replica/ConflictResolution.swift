/// Decides what a key holds after a write: the one place where the order of two writes is settled.
///
/// Without a merge function the greater ``Version`` wins. With one, writes of the same epoch are joined whichever is
/// newer, and the greater epoch replaces the lesser: a delete ends an epoch for everything that its author's pod, and
/// whoever had not yet heard of it, had written.
package struct ConflictResolution<Value: Sendable>: Sendable {
  package let merge: Merge<Value>?

  package init(merge: Merge<Value>?) {
    self.merge = merge
  }

  /// How many writes of one key that this build cannot decode are kept side by side in merge mode.
  package static var opaqueWritesPerKey: Int { 64 }

  /// The entry after `write`, or nil if it changes nothing.
  package func resolve(
    _ current: StoredEntry<Value>?, with write: Write<Value>
  ) -> StoredEntry<Value>? {
    guard let current else { return entry(for: write, showing: nil) }
    guard let merge else {
      guard write.version > current.version else { return nil }
      return entry(for: write, showing: current.readable)
    }
    let epoch = write.epochItBelongsTo
    if epoch > current.epoch { return entry(for: write, showing: nil) }
    if epoch < current.epoch { return nil }
    return joined(current, with: write, by: merge)
  }

  /// What watchers are told of a change, or nil if nothing visible changed.
  package func event(
    for key: Key, from previous: StoredEntry<Value>?, to entry: StoredEntry<Value>, by write: Write<Value>
  ) -> Event<Value>? {
    let change: Change<Value>
    switch (previous?.value, entry.value) {
    case (nil, nil): return nil
    case (.some, nil): change = .delete
    case (nil, .some(let value)): change = .set(value)
    case (.some(let old), .some(let value)):
      if let merge {
        if merge.areEqual(old, value) { return nil }
      } else if entry.isOpaque {
        return nil  // Reads go on showing the last value that decoded.
      }
      change = .set(value)
    }
    return Event(
      change: change, key: key.string, origin: write.version.origin, timestamp: write.version.timestamp,
      version: entry.version)
  }

  private func entry(
    for write: Write<Value>, showing readable: StoredEntry<Value>.Readable?
  ) -> StoredEntry<Value> {
    let content: StoredEntry<Value>.Content =
      switch write.content {
      case .set(let value): .value(value)
      case .setOpaque(let opaque): .opaque([opaque], readable: readable)
      case .delete(let time): .tombstone(deletedAt: time)
      }
    // Without a merge function nobody asks for the epoch.
    return StoredEntry(
      version: write.version, epoch: merge == nil ? .beginning : write.epochItBelongsTo, content: content)
  }

  private func joined(
    _ current: StoredEntry<Value>, with write: Write<Value>, by merge: Merge<Value>
  ) -> StoredEntry<Value>? {
    var result = current
    result.version = max(current.version, write.version)
    switch (current.content, write.content) {
    case (_, .delete):
      return nil  // The delete that began this epoch, again.
    case (.tombstone, .set(let value)):
      result.content = .value(value)
    case (.value(let present), .set(let value)):
      let joined = merge.join(present, value)
      if merge.areEqual(joined, present) {
        guard result.version > current.version else { return nil }
      } else {
        result.content = .value(joined)
      }
    case (.opaque(let writes, let readable), .set(let value)):
      let version = max(readable?.version ?? write.version, write.version)
      let joined = readable.map { merge.join($0.value, value) } ?? value
      result.content = .opaque(writes, readable: .init(value: joined, version: version))
    case (.tombstone, .setOpaque(let opaque)):
      result.content = .opaque([opaque], readable: nil)
    case (.value(let value), .setOpaque(let opaque)):
      result.content = .opaque([opaque], readable: .init(value: value, version: current.version))
    case (.opaque(var writes, let readable), .setOpaque(let opaque)):
      guard !writes.contains(where: { $0.version == opaque.version }) else { return nil }
      writes.append(opaque)
      writes.sort { $0.version < $1.version }
      if writes.count > Self.opaqueWritesPerKey { writes.removeFirst() }
      result.content = .opaque(writes, readable: readable)
    }
    return result
  }
}

extension Write {
  /// A delete begins an epoch of its own; a set belongs to the one its author knew.
  fileprivate var epochItBelongsTo: Epoch {
    if case .delete = content { .after(version) } else { epoch }
  }
}

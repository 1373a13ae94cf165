/// Decides what a key holds after a write, by the order of versions: the one place where writes meet.
///
/// Without a merge function the greater ``Version`` wins. With one, an entry is three things, each of which only grows,
/// so that it does not matter in which order writes arrive:
/// - its version: the greatest of all writes to the key;
/// - its epoch: the greatest delete that was seen. A delete ends an epoch for everything written by those who had not
///   yet heard of it, whatever their clocks say;
/// - its value: the join of all writes of that epoch; none yet, if it is a tombstone.
///
/// A joined value bears a fingerprint, by which replicas find out that theirs differ without encoding them: that of one
/// write is its version's hash; of a join that is one of the two values, that value's, and if it is both, the smaller; of
/// any other the sum, if one of the two is a single write, so that the order of writes does not matter, or else a hash of
/// both. So equal fingerprints mean equal values, and where equal values have come by different ones, one comparison makes
/// those equal too.
package struct ConflictResolution<Value: Sendable>: Sendable {
  package let merge: Merge<Value>?
  private let tombstoneTTL: Duration

  /// - Parameter tombstoneTTL: The same on all pods: they must all decide alike.
  package init(merge: Merge<Value>?, tombstoneTTL: Duration) {
    self.merge = merge
    self.tombstoneTTL = tombstoneTTL
  }

  /// How many writes of one key that this build cannot decode are kept side by side in merge mode.
  package static var opaqueWritesPerKey: Int { 64 }

  /// The entry after `write`, or nil if it changes nothing.
  package func resolve(
    _ current: StoredEntry<Value>?, with write: Write<Value>
  ) -> StoredEntry<Value>? {
    if let current { resolve(current, with: write) } else { entry(for: write) }
  }

  /// The entry that becomes of one there is by `write`, or nil if it changes nothing.
  func resolve(_ current: StoredEntry<Value>, with write: Write<Value>) -> StoredEntry<Value>? {
    guard let merge else {
      guard write.version > current.version else { return nil }
      return entry(for: write, over: current)
    }
    let relation = relation(of: write, to: current)
    let result: StoredEntry<Value>? =
      switch relation {
      case .later: entry(for: write)
      case .same: joined(current, with: write, by: merge)
      case .earlier: nil
      }
    let epoch = relation == .earlier ? current.epoch : max(current.epoch, write.epoch)
    return withGreatest(version: max(current.version, write.version), epoch, result, current)
  }

  private func withGreatest(
    version: Version, _ epoch: Epoch, _ result: StoredEntry<Value>?, _ current: StoredEntry<Value>
  ) -> StoredEntry<Value>? {
    guard result != nil || version > current.version || epoch > current.epoch else { return nil }
    var result = result ?? current
    let fingerprint = result.isReadable ? result.valueFingerprint : nil
    result.version = version
    result.epoch = epoch
    // That of the value, which need not be of the write with the greatest version.
    result.fingerprint = fingerprint
    if fingerprint == result.fingerprintOfOneWrite { result.fingerprint = nil }
    return result
  }

  private enum EpochRelation {
    case earlier, same, later
  }

  private func relation(of write: Write<Value>, to current: StoredEntry<Value>) -> EpochRelation {
    if write.epoch == current.epoch { return .same }
    let isLater = write.epoch > current.epoch
    let versionOfEarlier = isLater ? current.version : write.version
    if !versionOfEarlier.author.hasKnownIncarnation, case .after(let delete) = max(write.epoch, current.epoch)
    {
      // Wire version 1 does not say after which delete a write was made. Go pods go by versions, so that must do.
      return versionOfEarlier > delete ? .same : isLater ? .later : .earlier
    }
    return mayHaveForgotten(max(write.epoch, current.epoch), writtenAs: versionOfEarlier)
      ? .same : isLater ? .later : .earlier
  }

  /// Whether somebody who wrote under this version may have been told of the delete that began an epoch, collected its
  /// tombstone, and written the key anew. Decided by what is written alone, so that all pods decide alike. Half the
  /// time to live leaves room for clocks that differ.
  private func mayHaveForgotten(_ epoch: Epoch, writtenAs version: Version) -> Bool {
    guard case .after(let delete) = epoch else { return true }
    return version.timestamp > delete.timestamp.advanced(by: tombstoneTTL / 2)
  }

  /// The write that gives way when one more that cannot be decoded is kept beside those there are.
  func opaqueWriteTooMany(in entry: StoredEntry<Value>) -> OpaqueWrite? {
    guard merge != nil, case .opaque(let writes, _) = entry.content, writes.count >= Self.opaqueWritesPerKey
    else { return nil }
    return writes.first
  }

  /// Whether readers see a change.
  func isVisible(_ entry: StoredEntry<Value>, over previous: StoredEntry<Value>) -> Bool {
    guard entry.isReadable, previous.isReadable else { return entry.isReadable != previous.isReadable }
    guard let merge else { return !previous.hasSameReadableVersion(as: entry) }
    guard let old = previous.value, let new = entry.value else { return false }
    return !merge.areEqual(old, new)
  }

  /// What watchers are told of a change that is visible.
  func event(of entry: StoredEntry<Value>, by write: Write<Value>) -> Event<Value> {
    // What came last may have been opaque; what is visible came before it then.
    let cause = write.isOpaque ? entry.readable?.version ?? write.version : write.version
    return Event(
      change: entry.value.map { .set($0) } ?? .delete, key: write.key.string, origin: cause.origin,
      timestamp: cause.timestamp, version: entry.version)
  }

  /// The entry of a write.
  ///
  /// - Parameter current: What goes on being shown if the write cannot be decoded.
  func entry(
    for write: Write<Value>, over current: StoredEntry<Value>? = nil
  ) -> StoredEntry<Value> {
    let content: StoredEntry<Value>.Content =
      switch write.content {
      case .set(let value): .value(value)
      case .setOpaque(let opaque): .opaque([opaque], readable: current?.readable)
      case .delete(let time): .tombstone(deletedAt: time)
      }
    // Without a merge function nobody asks for the epoch.
    return StoredEntry(
      version: write.version, epoch: merge == nil ? .beginning : write.epoch, content: content,
      fingerprint: merge == nil ? nil : write.fingerprint)
  }

  private func joined(
    _ current: StoredEntry<Value>, with write: Write<Value>, by merge: Merge<Value>
  ) -> StoredEntry<Value>? {
    var result = current
    switch (current.content, write.content) {
    case (_, .delete):
      return nil  // The delete that began this epoch, again.
    case (.tombstone, .set(let value)):
      result.content = .value(value)
      result.fingerprint = write.valueFingerprint
    case (.value(let present), .set(let value)):
      guard let (joined, fingerprint) = join(present, of: current, with: value, of: write, by: merge) else {
        return nil
      }
      result.content = .value(joined)
      result.fingerprint = fingerprint
    case (.opaque(let writes, .some(let readable)), .set(let value)):
      guard let (joined, fingerprint) = join(readable.value, of: current, with: value, of: write, by: merge)
      else { return nil }
      let version = max(readable.version, write.version)
      result.content = .opaque(writes, readable: .init(value: joined, version: version))
      result.fingerprint = fingerprint
    case (.opaque(let writes, nil), .set(let value)):
      result.content = .opaque(writes, readable: .init(value: value, version: write.version))
      result.fingerprint = write.fingerprint
    case (.tombstone, .setOpaque(let opaque)):
      result.content = .opaque([opaque], readable: nil)
    case (.value(let value), .setOpaque(let opaque)):
      result.content = .opaque([opaque], readable: .init(value: value, version: current.version))
      result.fingerprint = current.fingerprint
    case (.opaque(var writes, let readable), .setOpaque(let opaque)):
      guard
        !writes.contains(where: { $0.version == opaque.version && $0.fingerprint == opaque.fingerprint })
      else { return nil }
      writes.append(opaque)
      writes.sort { ($0.version, $0.fingerprint ?? 0) < ($1.version, $1.fingerprint ?? 0) }
      if writes.count > Self.opaqueWritesPerKey { writes.removeFirst() }
      result.content = .opaque(writes, readable: readable)
    }
    return result
  }

  /// The join of two values and its fingerprint; nil if neither changes.
  private func join(
    _ present: Value, of current: StoredEntry<Value>, with value: Value, of write: Write<Value>,
    by merge: Merge<Value>
  ) -> (Value, fingerprint: UInt64)? {
    let (left, right) = (current.valueFingerprint, write.valueFingerprint)
    guard left != right else { return nil }
    let joined = merge.join(present, value)
    if merge.areEqual(joined, present) {
      guard right < left, merge.areEqual(joined, value) else { return nil }
      return (present, right)
    }
    if merge.areEqual(joined, value) { return (joined, right) }
    if current.isOfOneWrite || write.fingerprint == nil { return (joined, left &+ right) }
    var hash = DigestHash(min(left, right))
    hash.combine(max(left, right))
    return (joined, hash.value)
  }
}

extension StoredEntry {
  /// What tells the readable value from others.
  var valueFingerprint: UInt64 { fingerprint ?? fingerprintOfOneWrite }

  fileprivate var isOfOneWrite: Bool { fingerprint == nil }

  /// Whether both show a value, of one and the same write if there is no merge function.
  fileprivate func hasSameReadableVersion(as other: Self) -> Bool {
    switch (content, other.content) {
    case (.value, .value): version == other.version
    default: readable?.version == other.readable?.version
    }
  }

  fileprivate var fingerprintOfOneWrite: UInt64 {
    if case .opaque(_, .some(let readable)) = content { readable.version.digest } else { version.digest }
  }
}

extension Write {
  fileprivate var valueFingerprint: UInt64 { fingerprint ?? version.digest }
}

// Merge functions that are none, and pods that do not join values in the same way.
//
// Two pods that differ in an entry send it to and fro, and each joins what it gets with what it has. If both have the same
// merge function and it is a join, they are equal as soon as nothing else is joined in between: the other's answer then
// holds all that was sent to it, and joining it makes of what is here just that. So who sends an entry for the last time
// but one remembers what it was. If it still is that when the answer comes, and is something else when that has been
// joined, the two will never be equal. Were writes of the key alone to come in all the time, it would prove nothing.
extension Replica where Storage: ~Copyable {
  /// Entries are sent to which the answer is the last.
  mutating func noteLastPush(of keys: [Key], to peer: PodIdentity) {
    guard isMerging else { return }
    for key in keys {
      guard let hash = storage.entry(forKey: key).map({ digest(of: $0, forKey: key) }) else { continue }
      // The answer to an earlier one may be the next to come.
      if let last = healing.lastPushed[key], healing.tick - last.tick < Healing.memory { continue }
      if healing.lastPushed.count >= Healing.maxUnjoinable { healing.lastPushed = [:] }
      healing.lastPushed[key] = Healing.LastPushed(peer: peer, hash: hash, tick: healing.tick)
    }
  }

  /// Of entries that came as the last answer and are about to be joined, the keys under which there still is what was sent.
  mutating func keysUnchangedSincePushed(_ entries: [Write<Value>], to peer: PodIdentity) -> Set<Key> {
    var keys: Set<Key> = []
    for entry in entries {
      guard let last = healing.lastPushed[entry.key], last.peer == peer else { continue }
      healing.lastPushed[entry.key] = nil
      guard let stored = storage.entry(forKey: entry.key) else { continue }
      if digest(of: stored, forKey: entry.key) == last.hash { keys.insert(entry.key) }
    }
    return keys
  }

  private func digest(of entry: StoredEntry<Value>, forKey key: Key) -> UInt64 {
    entry.digest(keyHash: StableHash.hash(key), isMerged: isMerging)
  }

  /// Says of entries that came as the last answer, and have been joined, which will never be equal here and there.
  mutating func giveUpJoining(
    _ entries: [Write<Value>], of unchanged: Set<Key>, from sender: PodIdentity, outbox: inout Outbox<Value>
  ) {
    guard !unchanged.isEmpty else { return }
    // Of several writes of a key the first, as when they are compared.
    var unchanged = unchanged
    for entry in entries where unchanged.remove(entry.key) != nil {
      guard let stored = storage.entry(forKey: entry.key), !isUnjoinable(entry.key, stored.version),
        isDifferent(entry, stored)
      else { continue }
      giveUpJoining(entry, with: stored, from: sender, outbox: &outbox)
    }
  }

  /// If the two values show that the function is no join, that is why they differ; else the other joins them in another
  /// way.
  private mutating func giveUpJoining(
    _ entry: Write<Value>, with stored: StoredEntry<Value>, from sender: PodIdentity,
    outbox: inout Outbox<Value>
  ) {
    guard entry.version == stored.version, case .value(let present) = stored.content,
      case .set(let value) = entry.content
    else { return }
    guard let merge = options.merge, !merge.isJoin(of: present, value) else {
      return outbox.append(.report(.stillDifferent(key: entry.key.string, peer: sender.nodeID)))
    }
    if healing.unjoinable.count >= Healing.maxUnjoinable { healing.unjoinable = [:] }
    healing.unjoinable[entry.key] = stored.version
    outbox.append(.report(.mergeNotAJoin(key: entry.key.string, peer: sender.nodeID)))
  }

  /// Whether a key's values could not be made equal by joining them and nobody has written it since. Such a key is
  /// neither sent nor taken: else it would go to and fro for ever, and grow.
  func isUnjoinable(_ key: Key, _ version: Version) -> Bool {
    !healing.unjoinable.isEmpty && healing.unjoinable[key] == version
  }
}

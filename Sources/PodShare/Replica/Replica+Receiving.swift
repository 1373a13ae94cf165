// What others write, as it comes in live.
extension Replica where Storage: ~Copyable {
  /// Takes in another pod's live write of one key.
  package mutating func receive(
    _ write: Write<Value>, from author: PodIdentity, stampedAt timestamp: Timestamp, wall: Timestamp,
    outbox: inout Outbox<Value>
  ) {
    guard author != identity, !isEcho(write) else { return }
    observe(author, timestamp, wall: wall, outbox: &outbox)
    let insertion = recorded.insert(write.version)
    if insertion.isNew {
      reportIfLate(write, wall: wall, outbox: &outbox)
      apply(write, wall: wall, outbox: &outbox)
    } else {
      counters.rejectedWrites += 1
    }
    if !insertion.isContiguous { wakeIfNumbersAreMissing(of: author, &outbox) }
  }

  /// Takes in another pod's live write of several keys, whole.
  package mutating func receive(
    _ writes: [Write<Value>], from author: PodIdentity, stampedAt timestamp: Timestamp, wall: Timestamp,
    outbox: inout Outbox<Value>
  ) {
    guard writes.count != 1 else {
      return receive(writes[0], from: author, stampedAt: timestamp, wall: wall, outbox: &outbox)
    }
    guard author != identity, !writes.allSatisfy({ isEcho($0) }) else { return }
    observe(author, timestamp, wall: wall, outbox: &outbox)
    var isContiguous = true
    if arePlain(writes) {
      storage.begin()
      for write in writes {
        guard record(write, &isContiguous, wall: wall, outbox: &outbox) else { continue }
        let place = storage.place(of: write.key)
        guard let (value, previous) = plainChange(by: write, at: place), prevails(write, over: previous)
        else { continue }
        storage.put(value, write.version, forKey: write.key, at: place)
        if previous == nil { noteUnconfirmed(write.key) }
        note(value, write.version, forKey: write.key, over: previous, outbox: &outbox)
      }
      storage.publish()
    } else {
      var application = Application<Value>()
      for write in writes {
        guard record(write, &isContiguous, wall: wall, outbox: &outbox) else { continue }
        apply(write, to: &application, wall: wall, outbox: &outbox)
      }
      commit(application, outbox: &outbox)
    }
    if !isContiguous { wakeIfNumbersAreMissing(of: author, &outbox) }
  }

  /// Notes that a write of a message has come, and whether all of its author's have that were numbered before. False if it
  /// has come before.
  private mutating func record(
    _ write: Write<Value>, _ isContiguous: inout Bool, wall: Timestamp, outbox: inout Outbox<Value>
  ) -> Bool {
    let insertion = recorded.insert(write.version)
    isContiguous = insertion.isContiguous
    guard insertion.isNew else {
      counters.rejectedWrites += 1
      return false
    }
    reportIfLate(write, wall: wall, outbox: &outbox)
    return true
  }

  /// Whether all are values, of a key each, that meet nothing that has to be looked at.
  private func arePlain(_ writes: [Write<Value>]) -> Bool {
    areDistinct(writes.lazy.map { $0.key })
      && writes.allSatisfy { plainChange(by: $0, at: storage.place(of: $0.key)) != nil }
  }

  /// Whether the value of a plain write is newer than the one it meets, which is counted.
  private mutating func prevails(_ write: Write<Value>, over previous: VersionNumbers?) -> Bool {
    guard previous.map({ write.version.timestamp > $0.timestamp }) ?? true else {
      counters.rejectedWrites += 1
      return false
    }
    counters.appliedWrites += 1
    return true
  }

  /// Takes note of who writes, and of when by its clock.
  private mutating func observe(
    _ author: PodIdentity, _ timestamp: Timestamp, wall: Timestamp, outbox: inout Outbox<Value>
  ) {
    if author.hasNodeID(of: identity),
      timestamp > startedAt.advanced(by: max(options.maxClockSkew, .seconds(60)))
    {
      // Too late to be something that this pod's predecessor had sent.
      outbox.append(.report(.duplicateNodeID(identity.nodeID)))
    }
    if !clock.observe(timestamp, wall: wall, maxSkew: options.maxClockSkew), options.maxClockSkew > .zero {
      outbox.append(.report(.clockSkew(peer: author.nodeID, ahead: timestamp.duration(since: wall))))
    }
  }

  /// Whether this is a write of this pod's own, come back in wire version 1, which names no incarnation.
  private func isEcho(_ write: Write<Value>) -> Bool {
    let version = write.version
    return !version.author.hasKnownIncarnation && version.author.hasNodeID(of: identity)
      && version.sequence > identity.incarnation && version.sequence <= lastSequence
  }

  /// A write that nobody has seen is kept however late it comes; but if its key was deleted after it and the tombstone
  /// has been collected, that brings the key back, and somebody should know.
  private func reportIfLate(_ write: Write<Value>, wall: Timestamp, outbox: inout Outbox<Value>) {
    let age = wall.duration(since: write.version.timestamp)
    guard age > options.tombstoneTTL, !write.isDelete, storage.entry(forKey: write.key) == nil else { return }
    outbox.append(.report(.lateWrite(key: write.key.string, peer: write.version.origin, age: age)))
  }

  private mutating func apply(_ write: Write<Value>, wall: Timestamp, outbox: inout Outbox<Value>) {
    guard !write.isDelete else { return apply(asTaken: taken(write, wall: wall), outbox: &outbox) }
    apply(asTaken: write, outbox: &outbox)
  }

  private mutating func apply(asTaken write: Write<Value>, outbox: inout Outbox<Value>) {
    let place = storage.place(of: write.key)
    if let (value, previous) = plainChange(by: write, at: place) {
      guard prevails(write, over: previous) else { return }
      return commit(value, write.version, forKey: write.key, at: place, over: previous, outbox: &outbox)
    }
    guard let current = storage.entry(at: place) else {
      counters.appliedWrites += 1
      return commit(resolution.entry(for: write), by: write, at: place, outbox: &outbox)
    }
    if let entry = resolve(current, with: write, outbox: &outbox) {
      commit(entry, over: current, by: write, at: place, outbox: &outbox)
    }
  }

  private mutating func apply(
    _ write: Write<Value>, to application: inout Application<Value>, wall: Timestamp,
    outbox: inout Outbox<Value>
  ) {
    let current = application.pending(write.key) ?? storage.entry(forKey: write.key)
    if let entry = resolve(current, with: write, wall: wall, outbox: &outbox) {
      application.put(entry, over: current, by: write)
    }
  }

  /// What an entry, or nothing, becomes by another pod's write; nil if it changes nothing.
  mutating func resolve(
    _ current: StoredEntry<Value>?, with write: Write<Value>, wall: Timestamp, outbox: inout Outbox<Value>
  ) -> StoredEntry<Value>? {
    guard !write.isDelete else {
      return resolve(current, withTaken: taken(write, wall: wall), outbox: &outbox)
    }
    return resolve(current, withTaken: write, outbox: &outbox)
  }

  private mutating func resolve(
    _ current: StoredEntry<Value>?, withTaken write: Write<Value>, outbox: inout Outbox<Value>
  ) -> StoredEntry<Value>? {
    if let current { return resolve(current, with: write, outbox: &outbox) }
    counters.appliedWrites += 1
    return resolution.entry(for: write)
  }

  /// Another pod's write as it is taken: a delete is not from the future.
  private mutating func taken(_ write: Write<Value>, wall: Timestamp) -> Write<Value> {
    guard case .delete(let time) = write.content else { return write }
    if case .after(let delete) = write.epoch { recorded.insert(delete) }
    var write = write
    write.content = .delete(at: max(min(time, wall), .earliest))
    return write
  }

  /// What an entry becomes by another pod's write; nil if it changes nothing.
  private mutating func resolve(
    _ current: StoredEntry<Value>, with write: Write<Value>, outbox: inout Outbox<Value>
  ) -> StoredEntry<Value>? {
    if write.isOpaque, let dropped = resolution.opaqueWriteTooMany(in: current) {
      outbox.append(.report(.tooManyUndecodable(key: write.key.string, dropped: dropped)))
    }
    if let merge = options.merge { checkLaws(of: merge, current, write, outbox: &outbox) }
    guard let entry = resolution.resolve(current, with: write) else {
      counters.rejectedWrites += 1
      return nil
    }
    counters.appliedWrites += 1
    return entry
  }

  /// Tries on the values that really meet whether the merge function is a join: on the first ones, then on every 64th, for
  /// it is the user's code and runs under the lock. One that is none would leave the replicas different without a word.
  private mutating func checkLaws(
    of merge: Merge<Value>, _ current: StoredEntry<Value>, _ write: Write<Value>, outbox: inout Outbox<Value>
  ) {
    guard case .value(let present) = current.content, case .set(let value) = write.content else { return }
    counters.joins += 1
    guard counters.joins <= 256 || counters.joins.isMultiple(of: 64) else { return }
    guard !merge.isJoin(of: present, value) else { return }
    outbox.append(.report(.mergeNotAJoin(key: write.key.string, peer: write.version.origin)))
  }
}

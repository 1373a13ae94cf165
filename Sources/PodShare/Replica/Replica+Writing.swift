// What is written on this pod: it gets its version, goes into the table, and is to be published.
extension Replica where Storage: ~Copyable {
  /// Applies a local write of one key and has it published.
  ///
  /// - Parameters:
  ///   - encoder: The same change as a message, but for its version.
  /// - Returns: The version of the write.
  package mutating func write(
    _ change: LocalChange<Value>, encoder: consuming WriteEncoder, wall: Timestamp,
    outbox: inout Outbox<Value>
  ) throws(StoreError) -> Version {
    var stamp = try stamp(wall: wall, of: change.key)
    let place = storage.place(of: change.key)
    let version: Version
    if !isMerging, case .set(let value) = change.action,
      let previous = storage.occupant(of: place).previous
    {
      version = try self.version(index: 0, of: change.key, over: previous?.timestamp, stamp: &stamp)
      noteNumber(of: change.key)
      commit(value, version, forKey: change.key, at: place, over: previous, outbox: &outbox)
    } else {
      version = try write(change, at: place, stamp: &stamp, outbox: &outbox)
    }
    outbox.publish(encoder.finish(stamp))
    return version
  }

  private mutating func write(
    _ change: LocalChange<Value>, at place: Storage.Place, stamp: inout WriteStamp,
    outbox: inout Outbox<Value>
  ) throws(StoreError) -> Version {
    guard let current = storage.entry(at: place) else {
      let write = try number(change, index: 0, over: nil, in: .beginning, stamp: &stamp)
      noteNumber(of: change.key)
      commit(resolution.entry(for: write), by: write, at: place, outbox: &outbox)
      return write.version
    }
    let write = try number(
      change, index: 0, over: current.version.timestamp, in: current.epoch, stamp: &stamp)
    noteNumber(of: change.key)
    if let entry = resolution.resolve(current, with: write) {
      commit(entry, over: current, by: write, at: place, outbox: &outbox)
    }
    return write.version
  }

  /// Applies a local write of several keys, or of none, and has it published. All becomes visible together.
  ///
  /// - Parameters:
  ///   - encoder: The same changes as a message, but for their versions.
  package mutating func write(
    _ changes: [LocalChange<Value>], encoder: consuming WriteEncoder, wall: Timestamp,
    outbox: inout Outbox<Value>
  ) throws(StoreError) {
    guard changes.count != 1 else {
      _ = try write(changes[0], encoder: encoder, wall: wall, outbox: &outbox)
      return
    }
    guard let first = changes.first else { return }
    var stamp = try stamp(wall: wall, of: first.key)
    if arePlain(changes, after: stamp.timestamp) {
      try commitPlain(changes, stamp: &stamp, outbox: &outbox)
    } else {
      try commit(changes, stamp: &stamp, outbox: &outbox)
    }
    outbox.publish(encoder.finish(stamp))
  }

  private mutating func commit(
    _ changes: [LocalChange<Value>], stamp: inout WriteStamp, outbox: inout Outbox<Value>
  ) throws(StoreError) {
    var application = Application<Value>()
    for (index, change) in changes.enumerated() {
      let current = application.pending(change.key) ?? storage.entry(forKey: change.key)
      let write = try number(
        change, index: index, over: current?.version.timestamp, in: current?.epoch ?? .beginning,
        stamp: &stamp)
      if let entry = resolution.resolve(current, with: write) {
        application.put(entry, over: current, by: write)
      }
    }
    for change in changes { noteNumber(of: change.key) }
    commit(application, outbox: &outbox)
  }

  /// Whether all are values, of a key each, that come where there is nothing or in the place of older values, and nothing can
  /// go wrong with any of them.
  private func arePlain(_ changes: [LocalChange<Value>], after timestamp: Timestamp) -> Bool {
    guard !isMerging, timestamp < .latest, areDistinct(changes.lazy.map { $0.key }) else { return false }
    return changes.allSatisfy { change in
      guard case .set = change.action,
        let previous = storage.occupant(of: storage.place(of: change.key)).previous
      else { return false }
      // Its version is one more than that.
      return previous.map { $0.timestamp < .latest } ?? true
    }
  }

  /// Whether no two keys are the same; perhaps false even so. O(n log n), and much quicker than a set.
  func areDistinct(_ keys: some Collection<Key>) -> Bool {
    var hashes = keys.map { StableHash.hash($0) }
    hashes.sort()
    return zip(hashes, hashes.dropFirst()).allSatisfy { $0 != $1 }
  }

  /// Does what the way above does, without making entries.
  private mutating func commitPlain(
    _ changes: [LocalChange<Value>], stamp: inout WriteStamp, outbox: inout Outbox<Value>
  ) throws(StoreError) {
    storage.begin()
    for (index, change) in changes.enumerated() {
      guard case .set(let value) = change.action else { continue }
      let place = storage.place(of: change.key)
      let previous = storage.occupant(of: place).previous ?? nil
      let version = try version(index: index, of: change.key, over: previous?.timestamp, stamp: &stamp)
      storage.put(value, version, forKey: change.key, at: place)
      noteNumber(of: change.key)
      if previous == nil { noteUnconfirmed(change.key) }
      note(value, version, forKey: change.key, over: previous, outbox: &outbox)
    }
    storage.publish()
  }

  private mutating func stamp(wall: Timestamp, of key: Key) throws(StoreError) -> WriteStamp {
    guard wall <= .latest else {
      // A clock that far off must not move the hybrid clock, which never runs back.
      throw .timestampOutOfRange(key: key.string, timestamp: wall)
    }
    let wall = max(wall, .earliest)
    return WriteStamp(timestamp: clock.tick(wall: wall), firstSequence: lastSequence + 1, wall: wall)
  }

  /// Nothing can go wrong any more: a write of this key has the number that follows.
  private mutating func noteNumber(of key: Key) {
    lastSequence += 1
    recent.append(key)
    counters.localWrites += 1
  }

  /// - Parameters:
  ///   - stored: The stamp of what is under the key.
  ///   - epoch: The epoch of that.
  private func number(
    _ change: LocalChange<Value>, index: Int, over stored: Timestamp?, in epoch: Epoch,
    stamp: inout WriteStamp
  ) throws(StoreError) -> Write<Value> {
    let version = try version(index: index, of: change.key, over: stored, stamp: &stamp)
    switch change.action {
    case .delete:
      return Write(
        key: change.key, version: version, epoch: .after(version), content: .delete(at: stamp.wall))
    case .set(let value):
      if case .after(let delete) = epoch { stamp.exceptions.append(.epoch(index: index, delete)) }
      return Write(key: change.key, version: version, epoch: epoch, content: .set(value))
    }
  }

  /// The version of a local write.
  ///
  /// - Parameter stored: The stamp of what is under the key.
  private func version(
    index: Int, of key: Key, over stored: Timestamp?, stamp: inout WriteStamp
  ) throws(StoreError) -> Version {
    var timestamp = stamp.timestamp
    if let stored, stored >= timestamp {
      // A write wins over all that this pod has seen, whatever the clocks say.
      timestamp = stored.next
      let nanoseconds = UInt64(timestamp.nanoseconds - stamp.timestamp.nanoseconds)
      stamp.exceptions.append(.raised(index: index, nanoseconds: nanoseconds))
    }
    guard timestamp.isInRange else { throw .timestampOutOfRange(key: key.string, timestamp: timestamp) }
    return Version(timestamp: timestamp, author: identity, sequence: stamp.firstSequence + UInt64(index))
  }

  /// Fills an empty replica with entries stamped `asOf`; they reach the other pods with the next tick.
  package mutating func seed(
    _ entries: some Collection<(Key, Value)>, asOf: Timestamp, outbox: inout Outbox<Value>
  ) throws(StoreError) {
    guard storage.count == 0 else { throw .seedOnNonEmptyStore(count: storage.count) }
    var application = Application<Value>()
    for (key, value) in entries {
      noteNumber(of: key)
      let version = Version(timestamp: asOf, author: identity, sequence: lastSequence)
      let write = Write(key: key, version: version, content: .set(value))
      let current = application.pending(key)
      if let entry = resolution.resolve(current, with: write) {
        application.put(entry, over: current, by: write)
      }
      unsent.insert(key)
    }
    commit(application, outbox: &outbox)
  }
}

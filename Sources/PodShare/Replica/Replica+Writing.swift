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
    let version: Version
    if let current = storage.entry(forKey: change.key) {
      let write = try number(
        change, index: 0, over: current.version.timestamp, in: current.epoch, stamp: &stamp)
      noteNumbers(through: write.version.sequence, of: CollectionOfOne(change))
      if let entry = resolution.resolve(current, with: write) {
        commit(entry, over: current, by: write, outbox: &outbox)
      }
      version = write.version
    } else {
      let write = try number(change, index: 0, over: nil, in: .beginning, stamp: &stamp)
      noteNumbers(through: write.version.sequence, of: CollectionOfOne(change))
      commit(resolution.entry(for: write), by: write, outbox: &outbox)
      version = write.version
    }
    outbox.append(.publish(encoder, stamp))
    return version
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
    noteNumbers(through: stamp.firstSequence + UInt64(changes.count - 1), of: changes)
    commit(application, outbox: &outbox)
    outbox.append(.publish(encoder, stamp))
  }

  private mutating func stamp(wall: Timestamp, of key: Key) throws(StoreError) -> WriteStamp {
    guard wall <= .latest else {
      // A clock that far off must not move the hybrid clock, which never runs back.
      throw .timestampOutOfRange(key: key.string, timestamp: wall)
    }
    let wall = max(wall, .earliest)
    return WriteStamp(timestamp: clock.tick(wall: wall), firstSequence: lastSequence + 1, wall: wall)
  }

  /// Nothing can go wrong any more: the writes have the numbers that follow.
  private mutating func noteNumbers(
    through last: UInt64, of changes: some Collection<LocalChange<Value>>
  ) {
    context.insert((lastSequence + 1)...last, of: identity)
    lastSequence = last
    for change in changes { recent.append(change.key) }
    counters.localWrites += UInt64(changes.count)
  }

  /// - Parameters:
  ///   - stored: The stamp of what is under the key.
  ///   - epoch: The epoch of that.
  private func number(
    _ change: LocalChange<Value>, index: Int, over stored: Timestamp?, in epoch: Epoch,
    stamp: inout WriteStamp
  ) throws(StoreError) -> Write<Value> {
    var timestamp = stamp.timestamp
    if let stored, stored >= timestamp {
      // A write wins over all that this pod has seen, whatever the clocks say.
      timestamp = stored.next
      stamp.raised.append((index, UInt64(timestamp.nanoseconds - stamp.timestamp.nanoseconds)))
    }
    guard timestamp.isInRange else {
      throw .timestampOutOfRange(key: change.key.string, timestamp: timestamp)
    }
    let version = Version(
      timestamp: timestamp, author: identity, sequence: stamp.firstSequence + UInt64(index))
    switch change.action {
    case .delete:
      return Write(
        key: change.key, version: version, epoch: .after(version), content: .delete(at: stamp.wall))
    case .set(let value):
      if case .after(let delete) = epoch { stamp.epochs.append((index, delete)) }
      return Write(key: change.key, version: version, epoch: epoch, content: .set(value))
    }
  }

  /// Fills an empty replica with entries stamped `asOf`; they reach the other pods with the next tick.
  package mutating func seed(
    _ entries: some Collection<(Key, Value)>, asOf: Timestamp, outbox: inout Outbox<Value>
  ) throws(StoreError) {
    guard storage.count == 0 else { throw .seedOnNonEmptyStore(count: storage.count) }
    var application = Application<Value>()
    for (key, value) in entries {
      lastSequence += 1
      recent.append(key)
      let version = Version(timestamp: asOf, author: identity, sequence: lastSequence)
      context.insert(version)
      let write = Write(key: key, version: version, content: .set(value))
      let current = application.pending(key)
      if let entry = resolution.resolve(current, with: write) {
        application.put(entry, over: current, by: write)
      }
      unsent.insert(key)
    }
    counters.localWrites += UInt64(entries.count)
    commit(application, outbox: &outbox)
  }
}

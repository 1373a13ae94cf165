import NIOCore

// One write's way: check, encode, then under the lock into the replica and its table; the rest is the outbox's.
extension StoreCore {
  func write(_ change: LocalChange<ErasedValue>) throws(StoreError) -> Version {
    let message = try encoded(change)
    guard !configuration.copiesValues else {
      return try write(try copy(of: change, encodedBy: message), message)
    }
    return try write(change, message)
  }

  private func write(
    _ change: LocalChange<ErasedValue>, _ message: consuming WriteEncoder
  ) throws(StoreError) -> Version {
    let wall = now()
    return try updateWhenUncrowded(passing: message) { (state, message) throws(StoreError) in
      try write(change, message, wall: wall, to: &state)
    }
  }

  func write(_ change: LocalChange<ErasedValue>, ifVersion expected: Version?) throws(StoreError) -> Version?
  {
    let encoder = try encoded(change)
    let change = configuration.copiesValues ? try copy(of: change, encodedBy: encoder) : change
    let wall = now()
    return try updateWhenUncrowded(passing: encoder) { (state, message) throws(StoreError) in
      guard !state.isClosed else { throw .closed }
      let present = state.replica.entry(forKey: change.key).flatMap { $0.isTombstone ? nil : $0.version }
      guard present == expected else { return nil }
      return try write(change, message, wall: wall, to: &state)
    }
  }

  /// Under the lock.
  private func write(
    _ change: LocalChange<ErasedValue>, _ message: consuming WriteEncoder, wall: Timestamp,
    to state: inout State
  ) throws(StoreError) -> Version {
    guard !state.isClosed else { throw .closed }
    state.isDirty = true
    let version = try state.replica.write(change, encoder: message, wall: wall, outbox: &state.outbox)
    if keepsEntries { state.unsaved.insert(change.key) }
    return version
  }

  func write(_ changes: [LocalChange<ErasedValue>]) throws(StoreError) {
    guard !state.withLock({ $0.isClosed }) else { throw .closed }
    guard changes.count > 1 else {
      if let change = changes.first { _ = try write(change) }
      return
    }
    var changes = changes
    var encoder = WriteEncoder(preamble, capacity: Self.usualEntryBytes * changes.count)
    for index in changes.indices {
      try encode(changes[index], into: &encoder)
      if configuration.copiesValues { changes[index] = try copy(of: changes[index], encodedBy: encoder) }
    }
    let size =
      encoder.buffer.readableBytes + WriteStamp.maxBytes(entries: changes.count, hasEpochs: hasEpochs)
    guard size <= WireLimits.messageBytes else { throw .batchTooLarge(size: size) }
    encoder.prepareToFinish(hasEpochs: hasEpochs)
    let wall = now()
    try updateWhenUncrowded(passing: encoder) { [changes] (state, message) throws(StoreError) in
      guard !state.isClosed else { throw .closed }
      state.isDirty = true
      try state.replica.write(changes, encoder: message, wall: wall, outbox: &state.outbox)
      if keepsEntries { for change in changes { state.unsaved.insert(change.key) } }
    }
  }

  func seed(_ entries: [LocalChange<ErasedValue>], asOf: Timestamp) throws(StoreError) {
    guard asOf.isInRange else {
      throw StoreError(.timestampOutOfRange, "seeds cannot be stamped \(asOf.nanoseconds) ns since 1970")
    }
    var changes = entries
    // Seeds are sent later; but what cannot be encoded is refused now, as with any write.
    for index in changes.indices {
      let encoder = try encoded(changes[index])
      if configuration.copiesValues { changes[index] = try copy(of: changes[index], encodedBy: encoder) }
    }
    let checked = changes.compactMap { change -> (Key, ErasedValue)? in
      if case .set(let value) = change.action { (change.key, value) } else { nil }
    }
    try update { state throws(StoreError) in
      guard !state.isClosed else { throw .closed }
      state.isDirty = true
      try state.replica.seed(checked, asOf: asOf, outbox: &state.outbox)
      if keepsEntries { for (key, _) in checked { state.unsaved.insert(key) } }
    }
  }

  /// A change as a message, but for its stamp.
  private func encoded(_ change: LocalChange<ErasedValue>) throws(StoreError) -> WriteEncoder {
    guard case .set(let value) = change.action else {
      var encoder = WriteEncoder(preamble, capacity: Self.usualEntryBytes)
      encoder.delete(change.key)
      encoder.prepareToFinish(hasEpochs: hasEpochs)
      return encoder
    }
    // Only the bytes: nothing noncopyable is taken out of a closure as quickly.
    var unstamped: WriteEncoder.UnstampedSet?
    do {
      try codec.withBytes(of: value) {
        unstamped = .init(of: change.key, to: $0, after: preamble, hasEpochs: hasEpochs)
      }
    } catch {
      throw .encodingFailed(key: change.key.string, error)
    }
    guard let unstamped = unstamped.take() else { throw .internalInconsistency("a value has no bytes") }
    let encoder = WriteEncoder(unstamped, after: preamble)
    try checkSize(of: change.key, encodedBy: encoder)
    return encoder
  }

  private func encode(_ change: LocalChange<ErasedValue>, into encoder: inout WriteEncoder) throws(StoreError)
  {
    guard case .set(let value) = change.action else { return encoder.delete(change.key) }
    do {
      try codec.withBytes(of: value) { encoder.set(change.key, to: $0) }
    } catch {
      throw .encodingFailed(key: change.key.string, error)
    }
    try checkSize(of: change.key, encodedBy: encoder)
  }

  private func checkSize(of key: Key, encodedBy encoder: borrowing WriteEncoder) throws(StoreError) {
    let size = encoder.lastValueBytes
    guard size <= configuration.maxValueBytes else {
      throw .valueTooLarge(key: key.string, size: size, limit: configuration.maxValueBytes)
    }
  }

  /// The same change with a value of its own, if it has one, made of what was encoded last.
  private func copy(
    of change: LocalChange<ErasedValue>, encodedBy encoder: borrowing WriteEncoder
  ) throws(StoreError) -> LocalChange<ErasedValue> {
    guard case .set = change.action else { return change }
    do {
      return LocalChange(key: change.key, action: .set(try codec.decode(change.key, encoder.lastValue)))
    } catch {
      throw .encodingFailed(key: change.key.string, error)
    }
  }

  /// Whether what is written may have to say after which delete it was.
  private var hasEpochs: Bool { configuration.merge != nil }

  /// What a key and a small value take. A message that is longer grows.
  private static var usualEntryBytes: Int { 96 }

  func refresh() async throws(StoreError) {
    guard !state.withLock({ $0.isClosed }) else { throw .closed }
    await loadStates()
    let refreshed = Latch()
    update { state in
      let search = state.replica.refresh(outbox: &state.outbox)
      state.refreshes.append((search, refreshed))
    }
    defer { state.withLock { $0.refreshes.removeAll { $0.latch === refreshed } } }
    _ = await waitForState(refreshed) { $0.streamed + $0.wanted }
    if Task.isCancelled { throw .cancelled("refreshing") }
  }
}

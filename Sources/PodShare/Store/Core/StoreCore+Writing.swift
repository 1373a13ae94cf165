import NIOCore

// One write's way: check, encode, then under the lock into the replica and its table; the rest is the outbox's.
extension StoreCore {
  func write(_ change: LocalChange<ErasedValue>) throws(StoreError) -> Version {
    var change = change
    var message: WriteEncoder? = try encode(&change)
    let wall = now()
    return try updateWhenUncrowded { state throws(StoreError) in
      guard !state.isClosed else { throw .closed }
      state.isDirty = true
      let version = try state.replica.write(
        change, encoder: try Self.take(&message), wall: wall, outbox: &state.outbox)
      if entryKeeper != nil { state.unsaved.insert(change.key) }
      return version
    }
  }

  func write(_ change: LocalChange<ErasedValue>, ifVersion expected: Version?) throws(StoreError) -> Version?
  {
    var change = change
    var message: WriteEncoder? = try encode(&change)
    let wall = now()
    return try updateWhenUncrowded { state throws(StoreError) in
      guard !state.isClosed else { throw .closed }
      let present = state.replica.entry(forKey: change.key).flatMap { $0.isTombstone ? nil : $0.version }
      guard present == expected else { return nil }
      state.isDirty = true
      let version = try state.replica.write(
        change, encoder: try Self.take(&message), wall: wall, outbox: &state.outbox)
      if entryKeeper != nil { state.unsaved.insert(change.key) }
      return version
    }
  }

  func write(_ changes: [LocalChange<ErasedValue>]) throws(StoreError) {
    guard !state.withLock({ $0.isClosed }) else { throw .closed }
    guard !changes.isEmpty else { return }
    var changes = changes
    var encoder = WriteEncoder(preamble, capacity: Self.usualEntryBytes * changes.count)
    for index in changes.indices { try encode(&changes[index], into: &encoder) }
    let size =
      encoder.buffer.readableBytes + WriteStamp.maxBytes(perEntryWithEpoch: configuration.merge != nil)
      * changes.count
    guard size <= WireLimits.messageBytes else { throw .batchTooLarge(size: size) }
    let wall = now()
    var message: WriteEncoder? = consume encoder
    try updateWhenUncrowded { [changes] state throws(StoreError) in
      guard !state.isClosed else { throw .closed }
      state.isDirty = true
      try state.replica.write(
        changes, encoder: try Self.take(&message), wall: wall, outbox: &state.outbox)
      if entryKeeper != nil { for change in changes { state.unsaved.insert(change.key) } }
    }
  }

  func seed(_ entries: [LocalChange<ErasedValue>], asOf: Timestamp) throws(StoreError) {
    guard asOf.isInRange else {
      throw StoreError(.timestampOutOfRange, "seeds cannot be stamped \(asOf.nanoseconds) ns since 1970")
    }
    var changes = entries
    // Seeds are sent later; but what cannot be encoded is refused now, as with any write.
    for index in changes.indices { _ = try encode(&changes[index]) }
    let checked = changes.compactMap { change -> (Key, ErasedValue)? in
      if case .set(let value) = change.action { (change.key, value) } else { nil }
    }
    try update { state throws(StoreError) in
      guard !state.isClosed else { throw .closed }
      state.isDirty = true
      try state.replica.seed(checked, asOf: asOf, outbox: &state.outbox)
      if entryKeeper != nil { for (key, _) in checked { state.unsaved.insert(key) } }
    }
  }

  /// Hands a message over for good. Were it kept here too, it would be copied when it is completed.
  private static func take(_ message: inout WriteEncoder?) throws(StoreError) -> WriteEncoder {
    guard let message = message.take() else { throw .internalInconsistency("a message is written twice") }
    return message
  }

  private func encode(_ change: inout LocalChange<ErasedValue>) throws(StoreError) -> WriteEncoder {
    var encoder = WriteEncoder(preamble, capacity: Self.usualEntryBytes)
    try encode(&change, into: &encoder)
    return encoder
  }

  private func encode(_ change: inout LocalChange<ErasedValue>, into encoder: inout WriteEncoder)
    throws(StoreError)
  {
    let key = change.key
    guard case .set(let value) = change.action else {
      encoder.delete(key)
      return
    }
    let codec = codec
    let size: Int
    do {
      size = try encoder.set(key) { try codec.encode(value, &$0) }
      if configuration.copiesValues {
        change.action = .set(try codec.decode(key, encoder.lastValue(size)))
      }
    } catch {
      throw .encodingFailed(key: key.string, error)
    }
    guard size <= configuration.maxValueBytes else {
      throw .valueTooLarge(key: key.string, size: size, limit: configuration.maxValueBytes)
    }
  }

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

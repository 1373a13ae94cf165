import NIOCore

// Every write is applied here before the method returns, and on its way to the other pods. A method that throws has
// written nothing.
extension Store {
  /// Sets the value under a key.
  ///
  /// When this returns, reads on this pod see the value (with a merge function, the join), and the write wins over
  /// everything this pod had seen, whatever the clocks say. It is on its way to the other pods; what the transport
  /// cannot take now is sent later by itself. Never suspends.
  ///
  /// If `Value` is a class, what is kept is a copy, made by encoding and decoding: a change to the instance that was
  /// passed would show on this pod alone.
  ///
  /// - Returns: The version of the write.
  /// - Throws: `invalidKey`, `valueTooLarge`, `encodingFailed`, `closed`; `timestampOutOfRange` if the key holds a
  ///   stamp from the end of the year 2199, so that none is left to win over it.
  @discardableResult
  public func set(_ key: String, to value: Value) throws(StoreError) -> Version {
    try core.write(change(key, to: value))
  }

  /// Deletes a key, whether or not it is there: it stays deleted against every write that is older than this.
  ///
  /// - Returns: The version of the delete.
  /// - Throws: `invalidKey`, `closed`, `timestampOutOfRange`.
  @discardableResult
  public func delete(_ key: String) throws(StoreError) -> Version {
    try core.write(deletion(of: key))
  }

  /// Sets several keys at once: `snapshot()`, `keys` and `read` see all of them or none, here and on the other pods.
  ///
  /// - Throws: As ``set(_:to:)``; `valueTooLarge` also when the batch is over 64 MiB.
  public func setMany(_ pairs: some Sequence<(String, Value)>) throws(StoreError) {
    var changes: [LocalChange<ErasedValue>] = []
    for (key, value) in pairs { changes.append(try change(key, to: value)) }
    try core.write(changes)
  }

  /// Sets several keys at once, from a dictionary or a dictionary literal.
  public func setMany(_ pairs: some Sequence<(key: String, value: Value)>) throws(StoreError) {
    try setMany(pairs.lazy.map { ($0.key, $0.value) })
  }

  /// Deletes several keys at once.
  ///
  /// - Throws: As ``delete(_:)``.
  public func deleteMany(_ keys: some Sequence<String>) throws(StoreError) {
    var changes: [LocalChange<ErasedValue>] = []
    for key in keys { changes.append(try deletion(of: key)) }
    try core.write(changes)
  }

  /// Sets and deletes several keys at once. The closure only gathers; what it throws is passed on, and nothing is
  /// written then.
  ///
  /// ```swift
  /// try store.write { batch in
  ///   batch.set("primary", to: newAddress)
  ///   batch.delete("candidate")
  /// }
  /// ```
  ///
  /// - Throws: As `setMany`, or what the closure throws.
  @discardableResult
  public func write<Result>(_ body: (inout WriteBatch<Value>) throws -> Result) throws -> Result {
    var batch = WriteBatch<Value>()
    let result = try body(&batch)
    try core.write(
      batch.changes.map { write in
        switch write.action {
        case .set(let value): try change(write.key.string, to: value)
        case .delete: try deletion(of: write.key.string)
        }
      })
    return result
  }

  /// Sets the value under a key if its version on this pod is still the given one; nil stands for an absent key.
  ///
  /// A key whose value this build cannot decode is not absent: ``version(of:)`` tells.
  ///
  /// Atomic on this pod, and no more than that: two pods can both succeed, and then the greater version wins. Not a
  /// lock.
  ///
  /// - Returns: The version of the write; nil if nothing was written because the versions differ.
  /// - Throws: As ``set(_:to:)``.
  public func trySet(
    _ key: String, to value: Value, ifVersion version: Version?
  ) throws(StoreError) -> Version? {
    try core.write(change(key, to: value), ifVersion: version)
  }

  /// Fills an empty store, say from a database, with entries stamped `asOf`.
  ///
  /// Stamped older than any write, as by default, a seed never overwrites what the fleet knows better. Seeds reach
  /// the other pods within a sync interval. Watchers on this pod are told of them.
  ///
  /// - Throws: `seedOnNonEmptyStore` if the store holds entries or tombstones; `timestampOutOfRange` if `asOf` is
  ///   not from the years 1970 to 2199; otherwise as `setMany`.
  public func seed(
    _ entries: some Sequence<(key: String, value: Value)>, asOf: Timestamp = .earliest
  ) throws(StoreError) {
    var changes: [LocalChange<ErasedValue>] = []
    for (key, value) in entries { changes.append(try change(key, to: value)) }
    try core.seed(changes, asOf: asOf)
  }

  /// Waits until every write made before has left this process, as far as the transport can tell.
  ///
  /// - Throws: `broadcastFailed` if that cannot be now: the local writes stand and are sent later. `transport` if a
  ///   transport could not keep them. `cancelled`.
  public func flush() async throws(StoreError) {
    try await core.flush()
  }

  /// Compares with the other pods now, and exchanges what differs. A store does this by itself with the next heartbeat;
  /// this is for whoever wants to wait for it.
  ///
  /// Returns when this pod has been found equal to some other or been compared with it, or when nothing of another's
  /// entries has come for ``StoreConfiguration/joinTimeout``.
  ///
  /// - Throws: `closed`, `cancelled`.
  public func refresh() async throws(StoreError) {
    try await core.refresh()
  }

  // MARK: What is written

  /// A set, the value made ready for the table.
  private func change(_ key: String, to value: Value) throws(StoreError) -> LocalChange<ErasedValue> {
    let key = try checked(key)
    return LocalChange(key: key, action: .set(ErasedValue(value, forKey: key, as: table.erased.type)))
  }

  private func deletion(of key: String) throws(StoreError) -> LocalChange<ErasedValue> {
    LocalChange(key: try checked(key), action: .delete)
  }

  private func checked(_ key: String) throws(StoreError) -> Key {
    guard Names.isValidKey(key) else { throw .invalidKey(key) }
    return Key(key)
  }
}

import NIOConcurrencyHelpers
import NIOCore

// What the transport keeps of this topic: taken in when the store begins, and after an interruption; given what was written
// here, entry by entry. See StoreCore+Auditing for what makes good whatever goes wrong in between.
extension StoreCore {
  /// Whether there is anything to load.
  var hasKeeper: Bool {
    entryKeeper != nil || snapshotKeeper != nil || transport is any StateExchangeTransport
  }

  /// Takes in what is kept outside this pod.
  func load() async throws(StoreError) {
    try await loadSnapshot()
    if let entryKeeper { try await loadEntries(from: entryKeeper) }
  }

  /// Has kept what was written here.
  func save() async throws(StoreError) {
    try await saveSnapshot()
    if let entryKeeper { try await saveEntries(to: entryKeeper) }
  }

  /// One at a time, so that an older state never lands on a newer one, and whoever waits knows that all is done that was
  /// to be done before.
  func inTurn(_ body: @escaping @Sendable () async throws(StoreError) -> Void) async throws(StoreError) {
    let save = saving.withLockedValue { saving in
      let save = Task { [previous = saving] () -> StoreError? in
        _ = await previous?.value
        do throws(StoreError) { try await body() } catch { return error }
        return nil
      }
      saving = save
      return save
    }
    if let error = await save.value { throw error }
  }

  // MARK: Loading

  private func loadEntries(from keeper: any EntryTransport) async throws(StoreError) {
    let interruptions = state.withLock { $0.interruptions }
    let before = try await keptContext(of: keeper)
    // Only what was here before can have been deleted by others meanwhile.
    let isEmpty = state.withLock { $0.replica.count == 0 }
    var missing = Set(isEmpty ? [] : table.snapshot().filter { !$0.value.isTombstone }.map(\.key))
    var (isComplete, isAnything) = (true, false)
    try await readEntries(of: keeper) { entries in
      for entry in entries { missing.remove(entry.key) }
      isAnything = isAnything || !entries.isEmpty
      takeIn(entries)
    } unreadable: { _, _, _ in
      isComplete = false
    }
    // Whoever has removed everything meanwhile has not deleted it.
    let after = try await keptContext(of: keeper)
    guard isComplete, state.withLock({ $0.interruptions }) == interruptions else { return }
    var seen: CausalContext?
    if let before, let after, before.generation == after.generation,
      before.context.isSubset(of: after.context)
    {
      seen = before.context
    }
    guard isAnything || seen != nil else { return }
    update { [seen, missing] in $0.replica.loaded(seen, missing: missing, outbox: &$0.outbox) }
  }

  /// Merges what was kept. Returns the keys whose entries were deleted here long ago.
  @discardableResult
  func takeIn(_ kept: some Sequence<KeptEntry>) -> Set<Key> {
    let writes = decode(kept.flatMap(\.entries))
    guard !writes.isEmpty else { return [] }
    let wall = now()
    return update { $0.replica.receive(saved: writes, wall: wall, outbox: &$0.outbox) }
  }

  /// What those have seen who kept the entries; nil if nobody has said so, or it cannot be read.
  private func keptContext(of keeper: any EntryTransport) async throws(StoreError) -> KeptContext? {
    guard let content = try await keptContextContent(of: keeper) else { return nil }
    return try? KeptContext(content: content)
  }

  /// - Parameter limit: How many bytes of it are enough.
  func keptContextContent(
    of keeper: any EntryTransport, upTo limit: Int = .max
  ) async throws(StoreError) -> ByteBuffer? {
    do {
      return try await keeper.field(KeptContext.name, upTo: limit, of: topic)
    } catch {
      throw .transport("could not read what is kept", error)
    }
  }

  /// Passes all entries that are kept. Those that cannot be read are reported.
  func readEntries(
    of keeper: any EntryTransport, _ body: ([KeptEntry]) -> Void,
    unreadable: (_ name: ByteBuffer, _ content: ByteBuffer, KeptEntry.Failure) -> Void
  ) async throws(StoreError) {
    do {
      try await keeper.readFields(of: topic) { fields in
        var entries: [KeptEntry] = []
        entries.reserveCapacity(fields.count)
        var author: EncodedIdentity?
        for field in fields where field.name != KeptContext.name {
          guard let content = field.content else { continue }
          do throws(KeptEntry.Failure) {
            let entry = try KeptEntry(name: field.name, content: content, knowing: author)
            // Mostly the next is by the same pod.
            if let identity = entry.entries.last?.version.author, identity != author?.identity {
              author = EncodedIdentity(identity)
            }
            entries.append(entry)
          } catch {
            report(error)
            unreadable(field.name, content, error)
          }
        }
        body(entries)
      }
    } catch {
      throw .transport("could not read what is kept", error)
    }
  }

  private func report(_ failure: KeptEntry.Failure) {
    reporter.report(
      failure.isReplaceable ? .invalidSnapshot(failure.error) : .snapshotOfLaterBuild(failure.error))
  }

  // MARK: Saving

  /// What the store does at intervals about what is kept; apart from the rest, which must not wait for a server.
  func makeKeeping() -> Task<Void, Never> {
    let (saveInterval, lookInterval) = (configuration.snapshotInterval, configuration.syncInterval)
    let interval = min(saveInterval, lookInterval)
    return Task.detached { [self] in
      var (sinceSave, sinceLook, sinceAudit) = (Duration.zero, Duration.zero, Duration.zero)
      while !Task.isCancelled {
        do { try await configuration.time.sleep(interval) } catch { return }
        guard state.withLock({ $0.replica.isConnected }) else { continue }
        sinceSave += interval
        sinceLook += interval
        sinceAudit += interval
        if sinceSave >= saveInterval {
          sinceSave = .zero
          await reportingErrors { () async throws(StoreError) in try await self.save() }
        }
        guard sinceLook >= lookInterval else { continue }
        sinceLook = .zero
        if sinceAudit >= configuration.gcInterval { auditing.withLockedValue { $0.isDue = true } }
        await reportingErrors { () async throws(StoreError) in
          if try await self.auditIfNeeded() { sinceAudit = .zero }
        }
      }
    }
  }

  private func saveEntries(to keeper: any EntryTransport) async throws(StoreError) {
    try await inTurn { () async throws(StoreError) in
      var rest = self.state.withLock { state -> [Key] in
        guard !state.unsaved.isEmpty else { return [] }
        defer { state.unsaved = [] }
        return Array(state.unsaved)
      }[...]
      do throws(StoreError) {
        while !rest.isEmpty {
          let part = rest.prefix(Self.keptEntriesAtOnce)
          try await self.save(part.map { ($0, nil) }, to: keeper)
          rest = rest.dropFirst(Self.keptEntriesAtOnce)
        }
      } catch {
        let left = rest
        self.state.withLock { $0.unsaved.formUnion(left) }
        throw error
      }
    }
  }

  /// Has the present entries of some keys kept, joined with what others have kept under them.
  ///
  /// - Parameter keys: With the beginning of what is known to be kept, if that is to be replaced.
  /// - Returns: Whether all of them are.
  @discardableResult
  func save(
    _ keys: [(key: Key, over: ByteBuffer?)], to keeper: any EntryTransport
  ) async throws(StoreError) -> Bool {
    var rest = keys
    var isComplete = true
    for _ in 0..<Self.attempts where !rest.isEmpty {
      var changes: [KeptField.Change] = []
      for (key, kept) in rest {
        guard let entry = table.entry(forKey: key) else { continue }
        guard let content = encoded(entry, forKey: key) else {
          isComplete = false
          continue
        }
        let condition: KeptField.Change.Condition =
          if let kept { .replaces(kept) } else { configuration.merge == nil ? .isGreater : .isNew }
        changes.append(KeptField.Change(name: KeptEntry.name(of: key), content: content, if: condition))
      }
      let refused = try await change(changes, in: keeper)
      traffic.snapshotsSaved.count(UInt64(changes.count - refused.count))
      traffic.snapshotBytes.count(UInt64(changes.reduce(0) { $0 + ($1.content?.readableBytes ?? 0) }))
      rest = []
      for field in refused {
        switch joined(field) {
        case .done: break
        case .again(let key, let kept): rest.append((key, kept))
        case .notReplaceable: isComplete = false
        }
      }
    }
    guard !rest.isEmpty else { return isComplete }
    // Others write the same keys all the time: later.
    let left = rest.map(\.key)
    state.withLock { $0.unsaved.formUnion(left) }
    return false
  }

  /// Makes changes to what is kept, in parts that a server gets done quickly.
  func change(
    _ changes: [KeptField.Change], in keeper: any EntryTransport
  ) async throws(StoreError) -> [KeptField] {
    guard !changes.isEmpty else { return [] }
    do {
      return try await keeper.changeFields(changes, of: topic)
    } catch {
      throw .transport("could not keep what was written", error)
    }
  }

  /// Nil if the codec refuses it, which is reported.
  private func encoded(_ entry: StoredEntry<ErasedValue>, forKey key: Key) -> ByteBuffer? {
    do {
      return try KeptEntry.encode(
        entry, forKey: key, by: identity, isMerged: configuration.merge != nil
      ) { try codec.encode($0, into: &$1) }
    } catch {
      reporter.report(.encodingFailed(key: key.string, error))
      return nil
    }
  }

  private enum Joined {
    case done
    case again(Key, over: ByteBuffer?)
    /// It is for a later build.
    case notReplaceable
  }

  /// Takes in what somebody else has kept meanwhile, and says whether something is to be kept in its place.
  private func joined(_ field: KeptField) -> Joined {
    guard let key = Key(name: field.name) else { return .done }
    guard let content = field.content else { return .again(key, over: nil) }
    let kept: KeptEntry
    do throws(KeptEntry.Failure) {
      kept = try KeptEntry(name: field.name, content: content)
    } catch {
      report(error)
      return error.isReplaceable ? .again(key, over: content.beginning) : .notReplaceable
    }
    let isForgotten = takeIn(CollectionOfOne(kept)).contains(key)
    guard let entry = table.entry(forKey: key) else { return .done }
    let tag = KeptEntry.tag(of: entry, forKey: key, isMerged: configuration.merge != nil)
    guard ByteBuffer(integer: tag) != kept.tag else { return .done }
    // Without a merge function what is here now was written meanwhile, and is kept with its own write.
    return isForgotten || configuration.merge != nil ? .again(key, over: kept.tag) : .done
  }

  static var keptEntriesAtOnce: Int { 512 }
  private static var attempts: Int { 8 }
}

extension ByteBuffer {
  /// By which it is recognised when it is to be replaced.
  var beginning: ByteBuffer {
    getSlice(at: readerIndex, length: min(readableBytes, KeptEntry.tagBytes)) ?? self
  }
}

extension Key {
  /// Nil if the name is no text.
  init?(name: ByteBuffer) {
    guard let text = String(validating: name.readableBytesView, as: UTF8.self) else { return nil }
    self.init(text)
  }
}

import Logging
import NIOConcurrencyHelpers
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a ``Store`` is a handle to: the replica behind its lock, and all that its actions need to be performed.
///
/// It does not know the type of the store's values. Were it generic, it would be compiled once for all types, for users to
/// call from other modules, and everything that it does would look up at run time what types it deals with: that took most
/// of the time of a write. So ``Store`` alone is generic, and what depends on the type is in ``ErasedValue``,
/// ``ErasedCodec`` and the merge function.
///
/// Subscriptions hold it and end when the store is closed or dropped, and so do tasks, at once or soon; watches do not hold it.
/// Nothing holds it weakly: the references to an object that has ever been held so are counted three times as slowly.
final class StoreCore: Sendable {
  typealias Writer = ErasedTable.Writer

  /// What the write lock guards.
  struct State: ~Copyable {
    var replica: Replica<Writer>
    var outbox = Outbox<ErasedValue>()
    /// Each is opened when what is in the outbox now, and what was before, has been performed.
    var barriers: [Latch] = []
    /// One thread at a time performs actions.
    var isDraining = false
    /// What the last one to perform actions had begun with and not done.
    var rest: Batch?
    /// Empty: memory to be used again.
    var spare = Outbox<ErasedValue>.Contents()
    /// Of keys whose entries are being sent again, one batch at a time: neither sent nor unsent for the moment.
    var keysBeingSent = 0
    /// Opened when the present request for state has been answered whole. Each waits for its own or a later one.
    var refreshes: [(search: Int, latch: Latch)] = []
    var isClosed = false
    /// Something changed since the last snapshot was saved.
    var isDirty = false
    /// How often what is kept is still to be looked at, because a pod of the Go library may overwrite it without looking.
    var looksAtSnapshot = 0
    /// Of keys that were written here, or are to be kept again for another reason: those whose entries the transport has
    /// not been given to keep. Empty if it keeps none.
    var unsaved: Set<Key> = []
    /// How often the transport said that messages may be missing.
    var interruptions = 0
  }

  /// What was taken out of the outbox at once. It has one owner, so that nothing in it is copied.
  struct Batch: ~Copyable {
    var contents: Outbox<ErasedValue>.Contents
    var barriers: [Latch]
  }

  /// What an update came to, and what its thread is to perform.
  private struct Outcome<Result>: ~Copyable {
    let result: Result
    var batch: Batch?
  }

  let topic: String
  let identity: PodIdentity
  let preamble: WriteEncoder.Preamble
  let configuration: CoreConfiguration
  let transport: any Transport
  /// The transport, if it is to keep entries one by one.
  let entryKeeper: (any EntryTransport)?
  /// Whether there is one: much quicker to see.
  let keepsEntries: Bool
  /// The transport, if it is to keep the whole state.
  let snapshotKeeper: (any SnapshotTransport)?
  let table: ErasedTable
  let reporter: ErrorReporter
  let events: EventLog
  let state: Locked<State>
  let traffic = Traffic()
  let background = BackgroundQueue()
  let lifecycle = NIOLockedValueBox(Lifecycle())
  /// The last save of a snapshot, under way or done.
  let saving = NIOLockedValueBox<Task<StoreError?, Never>?>(nil)
  /// Whose writes have come in.
  let authors = KnownAuthors()
  let auditing = NIOLockedValueBox(Auditing())
  let memberUpdates = MemberUpdates()
  let caughtUp = Latch()
  /// Another pod has all that was written here. Only of use once nothing more is written.
  let confirmed = Latch()
  let closed = Latch()

  init(
    topic: String, transport: any Transport, configuration: CoreConfiguration, table: ErasedTable
  ) throws(StoreError) {
    guard Names.isValidTopic(topic) else {
      throw StoreError(
        .invalidTopic,
        "a topic has 1 to 1,024 bytes and no control characters, unlike \(topic.debugDescription)")
    }
    let identity = PodIdentity(
      nodeID: configuration.nodeID ?? "pod-" + String(UInt64.random(in: 1 << 40..<1 << 50), radix: 36),
      incarnation: UInt64.random(in: PodIdentity.incarnations))
    var options = ReplicaOptions(
      merge: configuration.merge, tombstoneTTL: configuration.tombstoneTTL,
      maxClockSkew: configuration.maxClockSkew)
    options.announcesNumbers = configuration.wireFormat != .v1

    self.topic = topic
    self.identity = identity
    preamble = WriteEncoder.Preamble(author: identity)
    self.configuration = configuration
    self.transport = transport
    // Pods that write wire version 1 share a snapshot with those of the Go library.
    let entryKeeper = configuration.wireFormat == .v1 ? nil : transport as? any EntryTransport
    self.entryKeeper = entryKeeper.flatMap { $0.keepsEntries ? $0 : nil }
    keepsEntries = self.entryKeeper != nil
    snapshotKeeper = self.entryKeeper == nil ? transport as? any SnapshotTransport : nil
    self.table = table
    let reporter = ErrorReporter(
      onError: configuration.onError, logger: configuration.logger, now: configuration.time.now)
    self.reporter = reporter
    events = EventLog(onFellBehind: { reporter.report(.fellBehind) })
    state = Locked(
      State(
        replica: Replica(
          identity: identity, options: options, storage: Writer(table), now: configuration.time.now(),
          seed: .random(in: .min ... .max))))
  }

  var codec: any ErasedCodec { configuration.codec }

  func now() -> Timestamp { configuration.time.now() }

  func randomID() -> UInt64 { UInt64.random(in: .min ... .max) }

  /// Feeds the replica under the write lock, then performs a share of what it wants done.
  // Inlined, lest what `body` has is retained for it.
  @inline(__always)
  func update<Result, Failure>(
    _ body: (inout State) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var outcome = try state.withLock { state throws(Failure) in
      state.outbox.isWatched = events.isWatched
      return Outcome(result: try body(&state), batch: state.claimOutbox())
    }
    table.freeUnreachable()
    if let batch = outcome.batch.take() { perform(batch, share: Share.receive) }
    return outcome.result
  }

  /// The same for a local write, which waits a little if the outbox is crowded.
  ///
  /// - Parameter message: Handed over to `body`.
  // Inlined for the same reason.
  @inline(__always)
  func updateWhenUncrowded<Result, Failure>(
    passing message: consuming WriteEncoder,
    _ body: (inout State, consuming WriteEncoder) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var patience = Self.patience
    var outcome = try state.withLock(passing: message) { state in
      patience > 0 && (state.isCrowded || events.isCrowded)
    } _: {
      patience -= 1
      usleep(Self.pause)
    } _: { (state: inout State, message: consuming WriteEncoder) throws(Failure) in
      state.outbox.isWatched = events.isWatched
      return Outcome(result: try body(&state, message), batch: state.claimOutbox())
    }
    table.freeUnreachable()
    if let batch = outcome.batch.take() { perform(batch, share: Share.write) }
    return outcome.result
  }

  /// So many actions, or events, are more than is being kept up with.
  static var crowd: Int { 8_192 }

  // A writer waits while those before it have left more to do than is being kept up with, which keeps the outbox
  // bounded. Never for long, at most 10 ms: the thread that performs the actions may itself be waiting for this one,
  // by way of another store.
  private static var patience: Int { 100 }
  private static var pause: UInt32 { 100 }
}

extension StoreCore.State {
  /// What the calling thread is to perform: nil if there is nothing, or somebody else is at it.
  mutating func claimOutbox() -> StoreCore.Batch? {
    guard !isDraining else { return nil }
    guard let batch = takeBatch() else { return nil }
    isDraining = true
    return batch
  }

  /// What is to be performed next.
  mutating func takeBatch() -> StoreCore.Batch? {
    if let rest = rest.take() { return rest }
    guard !outbox.isEmpty || !barriers.isEmpty else { return nil }
    var spare = Outbox<ErasedValue>.Contents()
    swap(&spare, &self.spare)
    defer { barriers = [] }
    return StoreCore.Batch(contents: outbox.take(leaving: spare), barriers: barriers)
  }

  var unsentCount: Int { replica.unsent.count + keysBeingSent }

  fileprivate var isCrowded: Bool {
    isDraining && outbox.count >= StoreCore.crowd
  }
}

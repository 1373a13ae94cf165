public import ServiceLifecycle

/// A dictionary from `String` to `Value` that every pod sharing a topic holds in full.
///
/// Reads never leave the process. A write is applied here at once and then broadcast; replicas become equal by
/// themselves, the later write winning, or both joined by ``StoreConfiguration/merge``.
///
/// ```swift
/// let store = try await Store<Config>.join("config", over: transport)
/// try store.set("global", to: Config(rateLimit: 1000))
/// let config = store["global"]
/// try await store.close()
/// ```
///
/// All methods may be called from any thread and any task. Values should have value semantics: what a store hands out
/// or takes in is shared, not copied, but for instances of classes, which are copied by way of their encoding when
/// they are written.
public final class Store<Value: Sendable>: Service {
  let core: StoreCore
  /// The core's, within reach of code that is inlined where a store is read.
  @usableFromInline let table: Table<Value>

  /// Makes a store that does nothing yet but answer reads and take writes. Call ``run()``, once, to join the topic; or
  /// use ``join(_:over:configuration:)``.
  ///
  /// - Parameters:
  ///   - topic: What the pods that share this dictionary have in common: 1 to 1,024 bytes without control characters.
  ///   - transport: How messages reach the other pods. It is the caller's to close, after the store.
  ///   - configuration: How the store behaves.
  /// - Throws: `invalidTopic`, `invalidNodeID`, `invalidConfiguration`.
  public init(
    _ topic: String, over transport: any Transport, configuration: StoreConfiguration<Value>
  ) throws(StoreError) {
    try configuration.validate()
    table = Table()
    core = try StoreCore(
      topic: topic, transport: transport,
      configuration: CoreConfiguration(configuration, for: table.erased.type), table: table.erased)
  }

  /// Makes a store of `Codable` values with the default configuration.
  public convenience init(_ topic: String, over transport: any Transport) throws(StoreError)
  where Value: Codable {
    try self.init(topic, over: transport, configuration: StoreConfiguration())
  }

  deinit {
    core.abandon()
  }

  /// Makes a store, joins the topic and takes over what other pods hold.
  ///
  /// Returns when some pod's whole state has been merged and some of those that held something else have been compared
  /// with, or when nothing of such a state has come for ``StoreConfiguration/joinTimeout``, as when nobody is there,
  /// which is no error: ``isCaughtUp`` is false then. The store maintains itself from then on, until ``close()``.
  ///
  /// - Throws: What `init` throws; `transport` when the topic cannot be subscribed to; `cancelled`. Nothing stays
  ///   subscribed then.
  public static func join(
    _ topic: String, over transport: any Transport, configuration: StoreConfiguration<Value>
  ) async throws(StoreError) -> Store<Value> {
    let store = try Store(topic, over: transport, configuration: configuration)
    do {
      try await store.core.start()
    } catch {
      store.core.release()
      throw error
    }
    return store
  }

  /// Joins with the default configuration, for `Codable` values.
  public static func join(
    _ topic: String, over transport: any Transport
  ) async throws(StoreError) -> Store<Value> where Value: Codable {
    try await join(topic, over: transport, configuration: StoreConfiguration())
  }

  /// Joins the topic, maintains the store, and closes it when the task is cancelled or the service group shuts down
  /// gracefully. In the group it belongs after the transport and before whatever serves requests.
  ///
  /// A store made by `join` has joined already; this waits until it is to be closed, and closes it. A store runs once:
  /// calling this twice is a programmer's error and traps.
  ///
  /// What could not be handed to the transport by the end is reported, and does not make this throw.
  ///
  /// - Throws: `transport` when the topic cannot be subscribed to; `closed` if the store was closed before.
  public func run() async throws {
    let core = core
    do {
      _ = try await cancelWhenGracefulShutdown {
        try await core.run()
        return await core.closed.wait()
      }
    } catch let error as StoreError where error.code == .cancelled {
      // Shut down while joining; but there may be writes already.
    } catch {
      core.release()
      throw error
    }
    // In a task of its own: this one may be cancelled, and closing is not to be.
    _ = await Task { try await core.close(timeout: Self.closeTimeout) }.result
  }

  /// This pod's name: as configured, or drawn at random.
  public var nodeID: String { core.identity.nodeID }

  /// What the pods that share this dictionary have in common.
  public var topic: String { core.topic }

  /// Whether this store holds what the others held that it heard of when it joined, or more: for a readiness probe.
  ///
  /// False until some other pod's state has come whole, or some other was found equal or compared with to the end, and so
  /// for a pod that has never met another, or only a part of whose state. From then on it stays true, also when everybody
  /// else is gone.
  public var isCaughtUp: Bool { core.caughtUp.isOpen }
}

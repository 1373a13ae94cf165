public import PodShare

/// Several stores in one process that share a topic, each behind a ``FaultyTransport`` of its own, all on one
/// ``TestClock``: made and joined in one line.
///
/// ```swift
/// let fleet = try await TestFleet<Int>(pods: 3, seed: 7)
/// fleet.transport(0).change { $0.outbound.loss = 0.3 }
/// for request in 0..<100 { try fleet[0].set("requests", to: request) }
/// try await fleet.settle()  // Heals the network and lets the stores catch up.
/// ```
///
/// The pods are called `pod-0`, `pod-1` and so on. Without faults a write is on all pods when `set` returns, unless
/// another thread is sending for that store, or it is a batch of many thousand keys. No time passes but by ``clock``, nor does anything here wait for real time.
/// What stores do at intervals they do in tasks of their own, some time after the clock has been advanced past it;
/// instead of waiting for that, a test calls ``settle()``, or `flush()` on a store.
///
/// What becomes of each message follows from the seed. In what order messages of several tasks are sent does not.
public final class TestFleet<Value: Sendable>: Sendable {
  private struct Pod: Sendable {
    let store: Store<Value>
    let transport: FaultyTransport<MemoryTransport>
  }

  /// The time of all stores and transports.
  public let clock: TestClock

  /// What connects the pods, for those who join by themselves.
  public let network: MemoryNetwork

  /// What the pods share, as ``init(pods:seed:topic:configuration:)`` was told.
  public let topic: String

  private let pods: [Pod]
  private let syncInterval: Duration

  /// Makes pods and has them join, one after the other, on a network without faults.
  ///
  /// - Parameters:
  ///   - count: How many, at least one. Default 3.
  ///   - seed: What the transports' faults follow from; each has a seed of its own made of it. Default 0.
  ///   - topic: What they share. Default `test`.
  ///   - configuration: How each store behaves; its node ID and its time are set here.
  /// - Throws: What joining throws.
  public init(
    pods count: Int = 3, seed: UInt64 = 0, topic: String = "test", configuration: StoreConfiguration<Value>
  ) async throws {
    precondition(count > 0, "a fleet has at least one pod")
    let clock = TestClock()
    let network = MemoryNetwork()
    self.clock = clock
    self.network = network
    self.topic = topic
    syncInterval = configuration.syncInterval
    var seeds = SeededGenerator(seed: seed)
    var pods: [Pod] = []
    for index in 0..<count {
      var configuration = configuration
      configuration.nodeID = "pod-\(index)"
      configuration.time = clock.time
      let transport = FaultyTransport(MemoryTransport(on: network), seed: seeds.next(), clock: clock)
      let store = try await Self.join(
        topic, over: transport, configuration: configuration, isFirst: index == 0, clock: clock)
      pods.append(Pod(store: store, transport: transport))
    }
    self.pods = pods
    // So that nobody is still answering those who have joined.
    try await flush()
  }

  /// Makes pods for `Codable` values, with the default configuration.
  public convenience init(pods count: Int = 3, seed: UInt64 = 0, topic: String = "test") async throws
  where Value: Codable {
    try await self.init(pods: count, seed: seed, topic: topic, configuration: StoreConfiguration())
  }

  /// The first pod finds nobody and waits for as long as that may take; whoever comes later is answered.
  private static func join(
    _ topic: String, over transport: any Transport, configuration: StoreConfiguration<Value>, isFirst: Bool,
    clock: TestClock
  ) async throws -> Store<Value> {
    let sleepers = clock.sleepers
    let timeout = Task {
      guard isFirst, configuration.joinTimeout > .zero else { return }
      try await clock.waitForSleepers(sleepers + 2)  // The join's timeout and the maintenance.
      clock.advance(by: configuration.joinTimeout)
    }
    defer { timeout.cancel() }
    let store = try await Store.join(topic, over: transport, configuration: configuration)
    // However short the timeout was: the others are there, so this takes a moment only.
    for _ in 0..<5_000 where !isFirst && !store.isCaughtUp { try await Task.sleep(for: .milliseconds(1)) }
    return store
  }

  // MARK: The pods

  /// How many pods there are.
  public var count: Int { pods.count }

  /// The store of a pod.
  public subscript(index: Int) -> Store<Value> { pods[index].store }

  /// The stores, in the order of the pods.
  public var stores: [Store<Value>] { pods.map(\.store) }

  /// The transport of a pod.
  public func transport(_ index: Int) -> FaultyTransport<MemoryTransport> { pods[index].transport }

  /// The transports, in the order of the pods.
  public var transports: [FaultyTransport<MemoryTransport>] { pods.map(\.transport) }

  // MARK: Its end

  /// Heals the network and closes all stores, so that watches end when what they had waiting has been consumed.
  ///
  /// - Throws: What closing a store throws; all are closed all the same.
  public func close() async throws {
    for pod in pods { pod.transport.endFaults() }
    var failure: (any Error)?
    for pod in pods {
      do { try await pod.store.close() } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
  }

  // MARK: Settling

  /// Heals the network and has the stores exchange everything they hold, until nothing more is on its way.
  func heal() async throws {
    // First all, so that nothing of what the first one sends when it is told is lost by the last.
    for pod in pods { pod.transport.endFaults() }
    for pod in pods { pod.transport.announceInterruption() }
    try await flush()
  }

  /// Lets a sync interval pass, and what comes of it.
  func passSyncInterval() async throws {
    clock.advance(by: syncInterval)
    try await flush()
  }

  /// What one store sends while it is flushed can make another send something.
  private func flush() async throws {
    for _ in 0..<2 {
      for store in openStores { try await store.flush() }
    }
  }

  /// The stores that have not been closed: those do not refuse an empty batch.
  var openStores: [Store<Value>] {
    stores.filter { store in (try? store.setMany(EmptyCollection<(String, Value)>())) != nil }
  }
}

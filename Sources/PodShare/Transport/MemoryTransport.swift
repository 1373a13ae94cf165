import NIOConcurrencyHelpers
public import NIOCore
import Synchronization

/// One pod's connection to a ``MemoryNetwork``: for tests, examples, and several stores in one process.
///
/// A message is delivered on the publisher's thread before `publish` returns, to everyone in turn; nothing is queued,
/// so nothing can be lost but by disconnecting.
///
/// ```swift
/// let network = MemoryNetwork()
/// let a = try await Store<Int>.join("numbers", over: MemoryTransport(on: network))
/// let b = try await Store<Int>.join("numbers", over: MemoryTransport(on: network))
/// ```
public final class MemoryTransport: Transport {
  private enum Link: UInt8, AtomicRepresentable { case up, down, closed }

  private let network: MemoryNetwork
  private let link = Atomic(Link.up)

  /// Connects to a network, by default to one of its own.
  public init(on network: MemoryNetwork = MemoryNetwork()) {
    self.network = network
  }

  /// Whether messages come and go.
  public var isConnected: Bool {
    link.load(ordering: .acquiring) == .up
  }

  /// Takes this pod off the network: nothing comes in or goes out until ``connect()``.
  public func disconnect() {
    changeLink(from: .up, to: .down, event: .interrupted)
  }

  /// Puts this pod back on the network; its stores catch up by themselves.
  public func connect() {
    changeLink(from: .down, to: .up, event: .resumed)
  }

  private func changeLink(from old: Link, to new: Link, event: TransportEvent) {
    guard link.compareExchange(expected: old, desired: new, ordering: .acquiringAndReleasing).exchanged else {
      return
    }
    for subscriber in network.subscribers(of: self) { subscriber.tell(event) }
  }

  public func publish(_ message: ByteBuffer, to topic: String) -> PublishOutcome {
    guard isConnected else { return .disconnected }
    for subscriber in network.subscribers(to: topic) where subscriber.transport.isConnected {
      subscriber.tell(.message(message))
    }
    return .accepted
  }

  public func drain() async throws(TransportError) {
    guard isConnected else { throw TransportError(.disconnected, "this transport is off the network") }
  }

  public func subscribe(
    to topic: String, onEvent: @escaping @Sendable (TransportEvent) -> Void
  ) async throws(TransportError) -> TransportSubscription {
    guard link.load(ordering: .acquiring) != .closed else {
      throw TransportError(.closed, "this transport was closed")
    }
    let id = network.add(self, to: topic, onEvent: onEvent)
    return TransportSubscription { [weak network] in network?.remove(id, from: topic) }
  }

  public func subscriberCount(of topic: String) async -> Int? {
    network.subscribers(to: topic).count { $0.transport.isConnected }
  }

  public func close() async throws(TransportError) {
    link.store(.closed, ordering: .releasing)
    network.removeAll(of: self)
  }
}

extension MemoryTransport: EntryTransport {
  public var keepsEntries: Bool { network.fields != nil }

  public func changeFields(
    _ changes: [KeptField.Change], of topic: String
  ) async throws(TransportError) -> [KeptField] {
    try keptFields().change(changes, of: topic)
  }

  public func field(
    _ name: ByteBuffer, upTo limit: Int, of topic: String
  ) async throws(TransportError) -> ByteBuffer? {
    try keptFields().content(of: name, topic).flatMap {
      $0.getSlice(at: $0.readerIndex, length: min(limit, $0.readableBytes))
    }
  }

  public func readFields(of topic: String, _ body: ([KeptField]) -> Void) async throws(TransportError) {
    body(try keptFields().all(of: topic))
  }

  private func keptFields() throws(TransportError) -> MemoryFields {
    guard isConnected, let fields = network.fields else {
      throw TransportError(.disconnected, "this transport is off the network")
    }
    return fields
  }
}

/// A network inside one process, which any number of ``MemoryTransport``s connect to.
public final class MemoryNetwork: Sendable {
  /// A class, so that whoever publishes takes one reference for each.
  final class Subscriber: Sendable {
    let id: UInt64
    let transport: MemoryTransport
    private let onEvent: @Sendable (TransportEvent) -> Void

    init(id: UInt64, transport: MemoryTransport, onEvent: @escaping @Sendable (TransportEvent) -> Void) {
      self.id = id
      self.transport = transport
      self.onEvent = onEvent
    }

    // Not inlined, or the callback would be retained for the time it runs.
    @inline(never)
    func tell(_ event: TransportEvent) {
      onEvent(event)
    }
  }

  private struct State {
    // By the bytes of the topic: two spellings that Swift calls equal are two topics.
    private(set) var topics: [Key: [Subscriber]] = [:]
    var lastID: UInt64 = 0
    /// The topic that was looked up last, which mostly is the next one, too, and who listens to it.
    private var lastTopic = Key("")
    private var lastSubscribers: [Subscriber] = []

    mutating func subscribers(to topic: String) -> [Subscriber] {
      if !lastTopic.string.hasBytes(of: topic) {
        lastTopic = Key(topic)
        lastSubscribers = topics[lastTopic] ?? []
      }
      return lastSubscribers
    }

    mutating func change<Result>(_ body: (inout [Key: [Subscriber]]) -> Result) -> Result {
      // Nobody is let go of by that, under a lock: `topics` still has them.
      lastSubscribers = []
      defer { lastSubscribers = topics[lastTopic] ?? [] }
      return body(&topics)
    }
  }

  private let state = NIOLockedValueBox(State())
  package let fields: MemoryFields?

  /// Makes a network with nobody on it.
  ///
  /// - Parameter keepsEntries: Whether it keeps what the stores hold for pods that come when nobody else is there.
  public init(keepsEntries: Bool = false) {
    fields = keepsEntries ? MemoryFields() : nil
  }

  func subscribers(to topic: String) -> [Subscriber] {
    state.withLockedValue { $0.subscribers(to: topic) }
  }

  func subscribers(of transport: MemoryTransport) -> [Subscriber] {
    let topics = state.withLockedValue { $0.topics.values.map { $0 } }
    return topics.joined().filter { $0.transport === transport }
  }

  func add(
    _ transport: MemoryTransport, to topic: String, onEvent: @escaping @Sendable (TransportEvent) -> Void
  ) -> UInt64 {
    state.withLockedValue { state in
      state.lastID += 1
      let subscriber = Subscriber(id: state.lastID, transport: transport, onEvent: onEvent)
      state.change { $0[Key(topic), default: []].append(subscriber) }
      return state.lastID
    }
  }

  func remove(_ id: UInt64, from topic: String) {
    // What is removed is freed after the lock: its callback may hold the last reference to something of the user's.
    let topic = Key(topic)
    let removed = state.withLockedValue { state in
      state.change { topics -> Subscriber? in
        guard var subscribers = topics[topic], let index = subscribers.firstIndex(where: { $0.id == id })
        else { return nil }
        let removed = subscribers.remove(at: index)
        topics[topic] = subscribers.isEmpty ? nil : subscribers
        return removed
      }
    }
    _ = consume removed
  }

  func removeAll(of transport: MemoryTransport) {
    let removed = state.withLockedValue { state in
      state.change { topics in
        let old = topics
        topics = old.compactMapValues { subscribers in
          let kept = subscribers.filter { $0.transport !== transport }
          return kept.isEmpty ? nil : kept
        }
        return old
      }
    }
    _ = consume removed
  }
}

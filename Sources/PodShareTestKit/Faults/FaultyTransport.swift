import NIOConcurrencyHelpers
public import NIOCore
public import PodShare

/// A transport that passes everything on to another one, and misbehaves as it is told to: it loses, delays, doubles and
/// reorders messages, refuses them, and is cut off.
///
/// ```swift
/// let clock = TestClock()
/// let transport = FaultyTransport(MemoryTransport(on: network), seed: 7, clock: clock)
/// let store = try await Store<Int>.join("limits", over: transport)
///
/// transport.change { $0.outbound.loss = 0.3 }  // Three in ten of what this pod sends are lost without a word.
/// transport.disconnect()  // The store is told, and what it sends is refused.
/// transport.heal()  // All is well again, and the store catches up.
/// ```
///
/// What becomes of a message follows from the seed, the topic, and how many messages went the same way on that topic
/// before: the same seed and the same calls in the same order give the same fates. Faults may be changed at any time,
/// from any thread.
///
/// A store makes good what a transport refused, and what was lost with or without a word, with the next heartbeats that
/// get through: one in each sync interval, which on a ``TestClock`` pass only when the test advances it. So a test that
/// loses messages ends with ``heal()``, after which stores look at once, before it compares pods.
///
/// If the transport beneath keeps snapshots, so does this one.
public final class FaultyTransport<Base: Transport>: Transport {
  private typealias Outgoing = (message: ByteBuffer, topic: String)

  private struct State {
    var faults: Faults
    var isDisconnected = false
    var isClosed = false
    var statistics = FaultStatistics()
    var numbers: [MessageNumber.Way: UInt64] = [:]
    var subscriptions: [UInt64: FaultySubscription] = [:]
    var lastID: UInt64 = 0

    /// In the order in which they were made, so that the same calls do the same in the same order.
    var subscribers: [FaultySubscription] { subscriptions.sorted { $0.key < $1.key }.map(\.value) }

    mutating func fate(onWay way: MessageNumber.Way, seed: UInt64) -> Fate {
      let number = numbers[way, default: 0]
      numbers[way] = number + 1
      return Fate(
        of: MessageNumber(way: way, number: number), seed: seed,
        faults: way.isInbound ? faults.inbound : faults.outbound)
    }
  }

  /// The transport beneath.
  public let base: Base

  private let seed: UInt64
  private let timer: DelayTimer
  private let state: NIOLockedValueBox<State>
  private let outgoing: DelayLine<Outgoing>
  private let condition: Condition

  /// Makes a transport whose delays are slept through.
  ///
  /// - Parameters:
  ///   - base: The transport that does the work.
  ///   - seed: What all that is random follows from.
  ///   - faults: What it does wrong from the beginning. Default: nothing.
  ///   - time: Where delays take their time from. Default: the system's. For a ``TestClock`` there is
  ///     ``init(_:seed:faults:clock:)``, with which messages have arrived when `advance(by:)` returns.
  public convenience init(
    _ base: Base, seed: UInt64 = 0, faults: Faults = Faults(), time: TimeSource = .system
  ) {
    self.init(base, seed: seed, faults: faults, timer: .source(time))
  }

  /// Makes a transport whose delays end when the clock is advanced: what is due arrives before `advance(by:)` returns.
  public convenience init(_ base: Base, seed: UInt64 = 0, faults: Faults = Faults(), clock: TestClock) {
    self.init(base, seed: seed, faults: faults, timer: .clock(clock))
  }

  private init(_ base: Base, seed: UInt64, faults: Faults, timer: DelayTimer) {
    let state = NIOLockedValueBox(State(faults: faults))
    let condition = Condition()
    self.base = base
    self.seed = seed
    self.timer = timer
    self.state = state
    self.condition = condition
    outgoing = DelayLine(
      timer: timer,
      deliver: { outgoing in
        let arrives =
          Self.isOpen(state, inbound: false)
          && base.publish(outgoing.message, to: outgoing.topic) == .accepted
        if !arrives { state.withLockedValue { $0.statistics.outbound.lost += 1 } }
      },
      onIdle: { condition.mayHaveChanged() })
  }

  // MARK: Faults

  /// What it does wrong. Takes effect with the next message, a cut also for those on their way.
  public var faults: Faults {
    get { state.withLockedValue { $0.faults } }
    set { change { $0 = newValue } }
  }

  /// Changes some of the faults.
  public func change(_ body: (inout Faults) -> Void) {
    state.withLockedValue { body(&$0.faults) }
    condition.mayHaveChanged()
  }

  /// What it has done to messages so far.
  public var statistics: FaultStatistics { state.withLockedValue { $0.statistics } }

  /// How many messages are on their way through this transport, in both directions.
  public var messagesUnderWay: Int {
    let lines = state.withLockedValue { $0.subscribers.map(\.line) }
    return lines.reduce(outgoing.waiting.messages) { $0 + $1.waiting.messages }
  }

  /// Whether it has not been disconnected by ``disconnect()``.
  public var isConnected: Bool { state.withLockedValue { !$0.isDisconnected } }

  /// Has the connection fail, and tells: subscriptions get `interrupted`, what is published is refused with
  /// `disconnected`, and what is on its way is lost.
  public func disconnect() {
    let subscriptions = state.withLockedValue { state in
      state.isDisconnected = true
      return state.subscribers
    }
    let lostOutbound = outgoing.dropAll()
    let lostInbound = subscriptions.reduce(0) { $0 + $1.line.dropAll() }
    state.withLockedValue { state in
      state.statistics.outbound.lost += lostOutbound
      state.statistics.inbound.lost += lostInbound
    }
    condition.mayHaveChanged()
    for subscription in subscriptions { subscription.setTransportIsDown(true) }
  }

  /// Ends a ``disconnect()``; subscriptions get `resumed`, and their stores catch up. Other faults stay.
  public func connect() {
    for subscription in reconnect() { subscription.setTransportIsDown(false) }
  }

  /// Ends all faults: what is on its way arrives at once, and subscriptions are told of an interruption that is over,
  /// so that their stores find out at once where they differ from the others.
  ///
  /// Where several transports are faulty, heal all of them; what a store sends when the first is healed may be lost by
  /// the second. The one healed last makes good what it had missed, and what it had not sent.
  public func heal() {
    endFaults()
    announceInterruption()
  }

  /// The first half of ``heal()``.
  func endFaults() {
    faults = Faults()
    let subscriptions = reconnect()
    outgoing.deliverAll()
    for subscription in subscriptions { subscription.line.deliverAll() }
  }

  /// The second half of ``heal()``.
  func announceInterruption() {
    for subscription in state.withLockedValue({ $0.subscribers }) {
      subscription.announceInterruption()
    }
  }

  private func reconnect() -> [FaultySubscription] {
    state.withLockedValue { state in
      state.isDisconnected = false
      return state.subscribers
    }
  }

  private static func isOpen(_ state: NIOLockedValueBox<State>, inbound: Bool) -> Bool {
    state.withLockedValue { state in
      !state.isDisconnected && !(inbound ? state.faults.inbound : state.faults.outbound).isCut
    }
  }

  // MARK: Messages

  /// Publishes through the transport beneath, at once or when the delay is over; see ``Faults``.
  ///
  /// - Returns: `accepted` also for what is lost. What the transport beneath says, if the message goes on at once. What
  ///   it refuses after a delay is lost.
  public func publish(_ message: ByteBuffer, to topic: String) -> PublishOutcome {
    let waiting = outgoing.waiting
    let (refusal, copies) = state.withLockedValue { state -> (PublishOutcome?, [Fate.Copy]) in
      let refusal: PublishOutcome? =
        if state.isDisconnected || state.isClosed {
          .disconnected
        } else if !state.faults.hasRoom(for: message.readableBytes, besides: waiting) {
          .queueFull
        } else {
          nil
        }
      if refusal != nil {
        state.statistics.refused += 1
        return (refusal, [])
      }
      let fate = state.fate(onWay: .init(topic: Key(topic), isInbound: false), seed: seed)
      state.statistics.outbound.count(fate)
      return (nil, fate.copies)
    }
    if let refusal { return refusal }
    for copy in copies {
      if copy.delay <= .zero, outgoing.isIdle {
        let outcome = base.publish(message, to: topic)
        guard outcome == .accepted else { return outcome }
      } else {
        state.withLockedValue { $0.statistics.outbound.count(delayed: copy) }
        outgoing.append((message, topic), bytes: message.readableBytes, copy: copy)
      }
    }
    return .accepted
  }

  private func receive(
    _ event: TransportEvent, for subscription: FaultySubscription,
    _ onEvent: @Sendable (TransportEvent) -> Void
  ) {
    switch event {
    case .interrupted: subscription.setBaseIsDown(true)
    case .resumed: subscription.setBaseIsDown(false)
    case .message(let message):
      let copies = state.withLockedValue { state -> [Fate.Copy] in
        guard !state.isDisconnected else {
          state.statistics.inbound.messages += 1
          state.statistics.inbound.lost += 1
          return []
        }
        let fate = state.fate(onWay: .init(topic: subscription.topic, isInbound: true), seed: seed)
        state.statistics.inbound.count(fate)
        return fate.copies
      }
      for copy in copies {
        if copy.delay <= .zero, subscription.line.isIdle {
          onEvent(event)
        } else {
          state.withLockedValue { $0.statistics.inbound.count(delayed: copy) }
          subscription.line.append(message, bytes: message.readableBytes, copy: copy)
        }
      }
    }
  }

  /// Waits until all published messages that are delayed have gone on, and then for the transport beneath.
  ///
  /// - Throws: `disconnected` after ``disconnect()``; `failed` if ``Faults/draining`` says so; `cancelled`; what the
  ///   transport beneath throws.
  public func drain() async throws(TransportError) {
    let isDone = await condition.wait { [state, outgoing] in
      let (response, isConnected) = state.withLockedValue { ($0.faults.draining, !$0.isDisconnected) }
      return response != .hanging && (response == .failure || !isConnected || outgoing.isIdle)
    }
    guard isDone else { throw TransportError(.cancelled, "draining") }
    if faults.draining == .failure { throw TransportError(.failed, "draining fails, as the faults say") }
    guard isConnected else { throw TransportError(.disconnected, "this transport was disconnected") }
    try await base.drain()
  }

  // MARK: Subscriptions

  /// Subscribes through the transport beneath; see ``Faults/subscribing``. When the subscription ends, what is still on
  /// its way to it is dropped.
  ///
  /// - Throws: `failed` if the faults say so; `cancelled`; what the transport beneath throws.
  public func subscribe(
    to topic: String, onEvent: @escaping @Sendable (TransportEvent) -> Void
  ) async throws(TransportError) -> TransportSubscription {
    let isDone = await condition.wait { self.faults.subscribing != .hanging }
    guard isDone else { throw TransportError(.cancelled, "subscribing") }
    if faults.subscribing == .failure {
      throw TransportError(.failed, "subscribing fails, as the faults say")
    }
    let (id, subscription) = register(Key(topic), onEvent)
    do throws(TransportError) {
      let base = try await base.subscribe(to: topic) { [weak subscription] event in
        if let subscription { self.receive(event, for: subscription, onEvent) }
      }
      return TransportSubscription { [weak self] in
        base.cancel()
        subscription.end()
        _ = self?.state.withLockedValue { $0.subscriptions.removeValue(forKey: id) }
      }
    } catch {
      _ = state.withLockedValue { $0.subscriptions.removeValue(forKey: id) }
      throw error
    }
  }

  private func register(
    _ topic: Key, _ onEvent: @escaping @Sendable (TransportEvent) -> Void
  ) -> (UInt64, FaultySubscription) {
    let line = DelayLine<ByteBuffer>(
      timer: timer,
      deliver: { [state] message in
        if Self.isOpen(state, inbound: true) {
          onEvent(.message(message))
        } else {
          state.withLockedValue { $0.statistics.inbound.lost += 1 }
        }
      })
    return state.withLockedValue { state in
      state.lastID += 1
      let subscription = FaultySubscription(
        topic: topic, isDisconnected: state.isDisconnected, line: line, onEvent: onEvent)
      state.subscriptions[state.lastID] = subscription
      return (state.lastID, subscription)
    }
  }

  /// What the transport beneath says. It knows nothing of the faults.
  public func subscriberCount(of topic: String) async -> Int? { await base.subscriberCount(of: topic) }

  /// Drops what is on its way, ends all subscriptions, and closes the transport beneath.
  public func close() async throws(TransportError) {
    let subscriptions = state.withLockedValue { state in
      state.isClosed = true
      defer { state.subscriptions = [:] }
      return state.subscribers
    }
    outgoing.close()
    for subscription in subscriptions { subscription.end() }
    condition.mayHaveChanged()
    try await base.close()
  }
}

extension FaultStatistics.Direction {
  fileprivate mutating func count(_ fate: Fate) {
    messages += 1
    if fate.copies.isEmpty { lost += 1 }
    if fate.copies.count > 1 { doubled += 1 }
  }

  fileprivate mutating func count(delayed copy: Fate.Copy) {
    delayed += 1
    if copy.isHeldBack { heldBack += 1 }
  }
}

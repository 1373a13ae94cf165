import NIOConcurrencyHelpers
import NIOCore
import PodShare
import PodShareTestKit
import Testing

@Suite("FaultyTransport", .timeLimit(.minutes(1)))
struct FaultyTransportTests {
  /// A faulty pod and a sound one on one network, each subscribed to the topic `t`.
  private struct Link {
    let clock = TestClock()
    let faulty: FaultyTransport<MemoryTransport>
    let sound: MemoryTransport
    let faultyInbox = Inbox()
    let soundInbox = Inbox()
    private(set) var subscriptions: [TransportSubscription] = []

    init(seed: UInt64 = 1, _ faults: Faults = Faults()) async throws {
      let network = MemoryNetwork()
      faulty = FaultyTransport(MemoryTransport(on: network), seed: seed, faults: faults, clock: clock)
      sound = MemoryTransport(on: network)
      subscriptions = [
        try await faulty.subscribe(to: "t", onEvent: faultyInbox.receive),
        try await sound.subscribe(to: "t", onEvent: soundInbox.receive),
      ]
    }

    /// Has the faulty pod send numbers. What the sound one gets is the outbound direction alone.
    func send(_ numbers: Range<Int>) {
      for number in numbers { #expect(publish("\(number)") == .accepted) }
    }

    func publish(_ text: String) -> PublishOutcome {
      faulty.publish(ByteBuffer(string: text), to: "t")
    }

    /// Has the sound pod send numbers.
    func sendBack(_ numbers: Range<Int>) {
      for number in numbers { #expect(sound.publish(ByteBuffer(string: "\(number)"), to: "t") == .accepted) }
    }
  }

  private static func numbers(_ range: Range<Int>) -> [String] { range.map(String.init) }

  @Test("Without faults it is the transport beneath: what is published has arrived when publish returns")
  func transparent() async throws {
    let link = try await Link()
    link.send(0..<100)
    #expect(link.soundInbox.all == Self.numbers(0..<100))
    #expect(link.faultyInbox.all == Self.numbers(0..<100))
    try await link.faulty.drain()
    link.faulty.base.disconnect()
    #expect(link.publish("100") == .disconnected)
    await #expect(throws: TransportError.self) { try await link.faulty.drain() }
    #expect(link.faulty.statistics.outbound.lost == 0)
  }

  // MARK: Loss

  @Test("loss drops the share of messages it says, the same ones for the same seed")
  func loss() async throws {
    func received(seed: UInt64, _ faults: Faults) async throws -> [String] {
      let link = try await Link(seed: seed, faults)
      link.send(0..<2_000)
      #expect(link.faulty.statistics.outbound.messages == 2_000)
      #expect(link.faulty.statistics.outbound.lost == 2_000 - link.soundInbox.all.count)
      return link.soundInbox.all
    }
    let lossy = Faults(outbound: .init(loss: 0.3))
    let first = try await received(seed: 7, lossy)
    #expect(1_300...1_500 ~= first.count)
    #expect(try await received(seed: 7, lossy) == first)
    #expect(try await received(seed: 8, lossy) != first)
    #expect(try await received(seed: 7, Faults(outbound: .init(loss: 1))) == [])
    #expect(try await received(seed: 7, Faults(inbound: .init(loss: 1))).count == 2_000)
  }

  @Test("A probability that is none stops the program")
  func noProbability() async {
    await #expect(processExitsWith: .failure) { _ = Faults.Direction(loss: 2) }
    await #expect(processExitsWith: .failure) { _ = Faults.Direction(reordering: .nan) }
    await #expect(processExitsWith: .failure) {
      var faults = Faults()
      faults.inbound.duplication = -0.1
    }
  }

  @Test("What is published and what comes in are lost each by its own probability")
  func asymmetry() async throws {
    let link = try await Link(Faults(outbound: .init(loss: 0), inbound: .init(loss: 1)))
    link.send(0..<10)
    link.sendBack(10..<20)
    #expect(link.soundInbox.all == Self.numbers(0..<20))
    #expect(link.faultyInbox.all == [])
    #expect(link.faulty.statistics.inbound.lost == 20)
    link.faulty.faults = Faults(outbound: .init(loss: 1), inbound: .init(loss: 0))
    link.send(20..<30)
    link.sendBack(30..<40)
    #expect(link.soundInbox.all == Self.numbers(0..<20) + Self.numbers(30..<40))
    #expect(link.faultyInbox.all == Self.numbers(30..<40))
  }

  @Test("Faults change from one message to the next")
  func changing() async throws {
    let link = try await Link()
    for round in 0..<10 {
      link.faulty.change { $0.outbound.loss = round.isMultiple(of: 2) ? 0 : 1 }
      link.send(round..<(round + 1))
    }
    #expect(link.soundInbox.all == ["0", "2", "4", "6", "8"])
  }

  @Test("One fault does not change whom another one hits, nor do messages on another topic")
  func independence() async throws {
    func lost(_ faults: Faults, others: Bool = false) async throws -> Set<String> {
      let link = try await Link(faults)
      for number in 0..<500 {
        if others { _ = link.faulty.publish(ByteBuffer(string: "other"), to: "other") }
        link.send(number..<(number + 1))
      }
      link.clock.advance(by: .seconds(10))
      return Set(Self.numbers(0..<500)).subtracting(link.soundInbox.all)
    }
    let alone = try await lost(Faults(outbound: .init(loss: 0.2)))
    #expect(!alone.isEmpty)
    let all = Faults.Direction(loss: 0.2, duplication: 0.5, reordering: 0.5, delay: .zero ... .seconds(1))
    #expect(try await lost(Faults(outbound: all)) == alone)
    #expect(try await lost(Faults(bothWays: all), others: true) == alone)
  }

  // MARK: Delay

  @Test("A delayed message arrives when its time has come, by the clock, and in order")
  func delay() async throws {
    let link = try await Link(Faults(outbound: .init(delay: .milliseconds(100) ... .milliseconds(200))))
    link.send(0..<50)
    #expect(link.faulty.messagesUnderWay == 50)
    link.clock.advance(by: .milliseconds(99))
    #expect(link.soundInbox.all == [])
    link.clock.advance(by: .milliseconds(50))
    let some = link.soundInbox.all
    #expect(some == Self.numbers(0..<some.count))
    link.clock.advance(by: .milliseconds(51))
    #expect(link.soundInbox.all == Self.numbers(0..<50))
    #expect(link.faulty.messagesUnderWay == 0)
    #expect(link.faulty.statistics.outbound.delayed == 50)
  }

  @Test("While it arrives the clock shows the time at which it does")
  func arrivalTime() async throws {
    let link = try await Link(Faults(outbound: .init(delay: .seconds(2) ... .seconds(2))))
    let times = NIOLockedValueBox<[Timestamp]>([])
    let subscription = try await link.sound.subscribe(to: "t") { _ in
      times.withLockedValue { $0.append(link.clock.now) }
    }
    let start = link.clock.now
    link.send(0..<1)
    link.clock.advance(by: .seconds(1))
    link.send(1..<2)
    link.clock.advance(by: .seconds(10))
    #expect(
      times.withLockedValue { $0 }.map { $0.nanoseconds - start.nanoseconds } == [
        2_000_000_000, 3_000_000_000,
      ])
    #expect(link.clock.now.nanoseconds - start.nanoseconds == 11_000_000_000)
    withExtendedLifetime(subscription) {}
  }

  @Test("What is sent in answer to a delayed message is delayed in turn, within one advance of the clock")
  func answers() async throws {
    let link = try await Link(Faults(bothWays: .init(delay: .seconds(1) ... .seconds(1))))
    let answering = try await link.faulty.subscribe(to: "question") { event in
      if case .message(let question) = event { _ = link.faulty.publish(question, to: "t") }
    }
    _ = link.sound.publish(ByteBuffer(string: "why"), to: "question")
    link.clock.advance(by: .milliseconds(1_999))
    #expect(link.soundInbox.all == [])
    link.clock.advance(by: .milliseconds(1))
    #expect(link.soundInbox.all == ["why"])
    withExtendedLifetime(answering) {}
  }

  @Test("A delay that is ended lets nothing overtake what is on its way")
  func endedDelay() async throws {
    let link = try await Link(Faults(outbound: .init(delay: .seconds(1) ... .seconds(1))))
    link.send(0..<3)
    link.faulty.faults = Faults()
    link.send(3..<6)
    #expect(link.soundInbox.all == [])
    link.clock.advance(by: .seconds(1))
    #expect(link.soundInbox.all == Self.numbers(0..<6))
    link.send(6..<7)
    #expect(link.soundInbox.all.last == "6")
  }

  @Test("What comes in is delayed too, for each subscription")
  func inboundDelay() async throws {
    let link = try await Link(Faults(inbound: .init(delay: .seconds(1) ... .seconds(1))))
    link.sendBack(0..<3)
    #expect(link.faultyInbox.all == [] && link.soundInbox.all.count == 3)
    link.clock.advance(by: .seconds(1))
    #expect(link.faultyInbox.all == Self.numbers(0..<3))
    #expect(link.faulty.statistics.inbound.delayed == 3)
  }

  @Test(
    "Any source of time will do: a task sleeps for the delay, and none is left when the transport is closed")
  func sleeping() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let transport = FaultyTransport(
      MemoryTransport(on: network), faults: Faults(outbound: .init(delay: .seconds(1) ... .seconds(1))),
      time: clock.time)
    let inbox = Inbox()
    let subscription = try await MemoryTransport(on: network).subscribe(to: "t", onEvent: inbox.receive)
    for number in 0..<3 { _ = transport.publish(ByteBuffer(string: "\(number)"), to: "t") }
    try await clock.waitForSleepers(3)
    #expect(inbox.all == [])
    clock.advance(by: .seconds(1))
    try await transport.drain()
    #expect(inbox.all == Self.numbers(0..<3))

    for number in 3..<6 { _ = transport.publish(ByteBuffer(string: "\(number)"), to: "t") }
    try await clock.waitForSleepers(3)
    try await transport.close()
    #expect(clock.sleepers == 0)
    #expect(inbox.all.count == 3)
    withExtendedLifetime(subscription) {}
  }

  @Test("A transport that is dropped leaves no task asleep")
  func dropped() async throws {
    let clock = TestClock()
    do {
      let transport = FaultyTransport(
        MemoryTransport(), faults: Faults(outbound: .init(delay: .seconds(1) ... .seconds(1))),
        time: clock.time)
      _ = transport.publish(ByteBuffer(string: "1"), to: "t")
      try await clock.waitForSleepers(1)
    }
    await eventually("nobody sleeps") { clock.sleepers == 0 }
  }

  // MARK: Duplication and reordering

  @Test("Duplication has the share of messages it says arrive twice")
  func duplication() async throws {
    let link = try await Link(Faults(outbound: .init(duplication: 0.25)))
    link.send(0..<2_000)
    let extra = link.soundInbox.all.count - 2_000
    #expect(400...600 ~= extra)
    #expect(link.faulty.statistics.outbound.doubled == extra)
    #expect(Set(link.soundInbox.all).count == 2_000)
    link.faulty.change { $0.outbound.duplication = 1 }
    link.send(2_000..<2_001)
    #expect(link.soundInbox.all.suffix(2) == ["2000", "2000"])
  }

  @Test("Reordering lets messages be overtaken, the same ones for the same seed, and loses none")
  func reordering() async throws {
    func received(seed: UInt64, _ reordering: Double) async throws -> [String] {
      let link = try await Link(
        seed: seed,
        Faults(outbound: .init(reordering: reordering, delay: .milliseconds(1) ... .milliseconds(10))))
      for number in 0..<200 {
        link.send(number..<(number + 1))
        link.clock.advance(by: .milliseconds(1))
      }
      link.clock.advance(by: .seconds(1))
      return link.soundInbox.all
    }
    let sorted = Self.numbers(0..<200)
    #expect(try await received(seed: 3, 0) == sorted)
    let shuffled = try await received(seed: 3, 0.2)
    #expect(shuffled != sorted)
    #expect(Set(shuffled) == Set(sorted) && shuffled.count == 200)
    #expect(try await received(seed: 3, 0.2) == shuffled)
    #expect(try await received(seed: 4, 0.2) != shuffled)
  }

  @Test("A message that is held back stays away for the lag; those behind it do not wait")
  func lag() async throws {
    let link = try await Link(
      Faults(outbound: .init(reordering: 1, lag: .seconds(5) ... .seconds(5))))
    link.send(0..<1)
    link.faulty.faults = Faults()
    link.send(1..<3)
    link.clock.advance(by: .milliseconds(4_999))
    #expect(link.soundInbox.all == ["1", "2"])
    link.clock.advance(by: .milliseconds(1))
    #expect(link.soundInbox.all == ["1", "2", "0"])
    #expect(link.faulty.statistics.outbound.heldBack == 1)
  }

  // MARK: Cuts and disconnections

  @Test("A cut loses everything without a word, in one direction or both")
  func cut() async throws {
    let link = try await Link()
    link.faulty.change { $0.inbound.isCut = true }
    link.send(0..<1)
    link.sendBack(1..<2)
    #expect(link.soundInbox.all == ["0", "1"] && link.faultyInbox.all == [])
    link.faulty.faults = Faults(outbound: .init(isCut: true))
    link.send(2..<3)
    link.sendBack(3..<4)
    #expect(link.soundInbox.all == ["0", "1", "3"] && link.faultyInbox.all == ["3"])
    link.faulty.change { $0.isCut = true }
    link.send(4..<5)
    link.sendBack(5..<6)
    #expect(link.soundInbox.all == ["0", "1", "3", "5"] && link.faultyInbox.all == ["3"])
    link.faulty.change { $0.isCut = false }
    link.send(6..<7)
    #expect(link.soundInbox.all.last == "6" && link.faultyInbox.all == ["3", "6"])
    try await link.faulty.drain()
  }

  @Test("A cut also loses what was on its way")
  func cutOnTheWay() async throws {
    let link = try await Link(Faults(outbound: .init(delay: .seconds(1) ... .seconds(1))))
    link.send(0..<3)
    link.faulty.change { $0.isCut = true }
    link.clock.advance(by: .seconds(1))
    link.faulty.change { $0.isCut = false }
    link.clock.advance(by: .seconds(1))
    #expect(link.soundInbox.all == [])
    #expect(link.faulty.statistics.outbound.lost == 3)
  }

  @Test(
    "Disconnected, it tells its subscribers once, refuses, and loses what was on its way; connected, all is well"
  )
  func disconnecting() async throws {
    let link = try await Link(Faults(bothWays: .init(delay: .seconds(1) ... .seconds(1))))
    link.send(0..<1)
    link.sendBack(1..<2)
    link.faulty.disconnect()
    link.faulty.disconnect()
    #expect(!link.faulty.isConnected)
    #expect(link.publish("2") == .disconnected)
    link.sendBack(3..<4)
    await #expect(throws: TransportError.self) { try await link.faulty.drain() }
    link.clock.advance(by: .seconds(2))
    #expect(link.faultyInbox.all == ["interrupted"])
    #expect(link.soundInbox.all == ["1", "3"])
    link.faulty.connect()
    link.faulty.connect()
    link.send(4..<5)
    link.clock.advance(by: .seconds(2))
    #expect(link.faultyInbox.all == ["interrupted", "resumed", "4"])
    #expect(link.soundInbox.all == ["1", "3", "4"])
    #expect(link.faulty.statistics.refused == 1)
    #expect(link.faulty.statistics.outbound.lost == 1)
    #expect(link.faulty.statistics.inbound.lost == 2)
    // Also if the connection is back before it would have arrived.
    link.send(5..<6)
    link.faulty.disconnect()
    link.faulty.connect()
    link.clock.advance(by: .seconds(2))
    #expect(link.soundInbox.all == ["1", "3", "4"])
  }

  @Test("Interruptions of the transport beneath come through, and two at a time are one")
  func baseInterruptions() async throws {
    let link = try await Link()
    link.faulty.base.disconnect()
    link.faulty.disconnect()
    #expect(link.faultyInbox.all == ["interrupted"])
    link.faulty.base.connect()
    #expect(link.faultyInbox.all == ["interrupted"])
    link.faulty.connect()
    #expect(link.faultyInbox.all == ["interrupted", "resumed"])
    link.faulty.base.disconnect()
    link.faulty.heal()
    #expect(link.faultyInbox.all == ["interrupted", "resumed", "interrupted"])
    link.faulty.base.connect()
    #expect(link.faultyInbox.all == ["interrupted", "resumed", "interrupted", "resumed"])
  }

  @Test("heal ends all faults, lets arrive what is on its way, and tells of an interruption that is over")
  func heal() async throws {
    let link = try await Link(
      Faults(bothWays: .init(loss: 0, reordering: 0.5, delay: .seconds(1) ... .seconds(9))))
    link.send(0..<10)
    link.faulty.change { $0.outbound.loss = 1 }
    link.send(10..<20)
    link.faulty.heal()
    #expect(link.faulty.faults == Faults())
    #expect(link.soundInbox.all == Self.numbers(0..<10))
    #expect(link.faultyInbox.all == Self.numbers(0..<10) + ["interrupted", "resumed"])
    link.send(20..<21)
    #expect(link.soundInbox.all.last == "20")
    link.clock.advance(by: .seconds(20))
    #expect(link.soundInbox.all.count == 11)
    link.faulty.disconnect()
    link.faulty.heal()
    #expect(link.faulty.isConnected)
    #expect(link.faultyInbox.all.suffix(3) == ["20", "interrupted", "resumed"])
  }

  // MARK: The queue

  @Test("A queue of messages fills with what is delayed, refuses what is too much, and empties with time")
  func queue() async throws {
    let link = try await Link(
      Faults(outbound: .init(delay: .seconds(1) ... .seconds(1)), maxQueuedMessages: 3))
    link.send(0..<3)
    #expect(link.publish("3") == .queueFull)
    #expect(link.faulty.statistics.refused == 1)
    link.faulty.change { $0.maxQueuedMessages = 4 }
    link.send(4..<5)
    #expect(link.publish("5") == .queueFull)
    link.clock.advance(by: .seconds(1))
    link.send(6..<7)
    link.faulty.change { $0.maxQueuedMessages = 0 }
    #expect(link.publish("7") == .queueFull)
    link.clock.advance(by: .seconds(1))
    #expect(link.publish("8") == .queueFull)
    #expect(link.soundInbox.all == ["0", "1", "2", "4", "6"])
  }

  @Test("A queue bounded in bytes refuses the message that does not fit, and takes a smaller one")
  func queueBytes() async throws {
    let link = try await Link(
      Faults(outbound: .init(delay: .seconds(1) ... .seconds(1)), maxQueuedBytes: 10))
    #expect(link.publish("12345678") == .accepted)
    #expect(link.publish("123") == .queueFull)
    #expect(link.publish("12") == .accepted)
    #expect(link.publish("1") == .queueFull)
    link.clock.advance(by: .seconds(1))
    #expect(link.publish("1234567890") == .accepted)
    #expect(link.publish("") == .accepted)
  }

  @Test("drain waits for what is delayed on its way out, not for what is lost or on its way in")
  func drain() async throws {
    let link = try await Link(Faults(outbound: .init(delay: .seconds(1) ... .seconds(2))))
    link.send(0..<5)
    let isDrained = NIOLockedValueBox(false)
    let drain = Task {
      try await link.faulty.drain()
      isDrained.withLockedValue { $0 = true }
    }
    link.clock.advance(by: .milliseconds(500))
    #expect(!isDrained.withLockedValue { $0 })
    link.clock.advance(by: .seconds(2))
    try await drain.value
    #expect(link.soundInbox.all.count == 5)

    link.faulty.faults = Faults(outbound: .init(loss: 1), inbound: .init(delay: .seconds(1) ... .seconds(1)))
    link.send(5..<6)
    link.sendBack(6..<7)
    try await link.faulty.drain()
  }

  @Test("A drain that waits ends when the connection is lost, and when it is cancelled")
  func drainEnds() async throws {
    let link = try await Link(Faults(outbound: .init(delay: .seconds(1) ... .seconds(1))))
    link.send(0..<1)
    let cancelled = Task { await Self.code { try await link.faulty.drain() } }
    cancelled.cancel()
    #expect(await cancelled.value == .cancelled)
    let waiting = Task { await Self.code { try await link.faulty.drain() } }
    link.faulty.disconnect()
    #expect(await waiting.value == .disconnected)
  }

  // MARK: Subscriptions

  @Test("A subscription that ends gets nothing of what is on its way to it; others do")
  func cancelledSubscription() async throws {
    let link = try await Link(Faults(inbound: .init(delay: .seconds(1) ... .seconds(1))))
    let other = Inbox()
    let subscription = try await link.faulty.subscribe(to: "t", onEvent: other.receive)
    link.sendBack(0..<3)
    #expect(link.faulty.messagesUnderWay == 6)
    subscription.cancel()
    subscription.cancel()
    #expect(link.faulty.messagesUnderWay == 3)
    link.clock.advance(by: .seconds(1))
    link.faulty.disconnect()
    #expect(other.all == [])
    #expect(link.faultyInbox.all == ["0", "1", "2", "interrupted"])
  }

  @Test("Closed, it drops what is on its way, tells nobody anything, and refuses")
  func closing() async throws {
    let link = try await Link(Faults(bothWays: .init(delay: .seconds(1) ... .seconds(1))))
    link.send(0..<1)
    link.sendBack(1..<2)
    try await link.faulty.close()
    link.clock.advance(by: .seconds(3))
    #expect(link.soundInbox.all == ["1"] && link.faultyInbox.all == [])
    #expect(link.publish("2") == .disconnected)
    #expect(await Self.code { _ = try await link.faulty.subscribe(to: "t") { _ in } } == .closed)
  }

  @Test("Subscribing fails or hangs as told, until it is cancelled or the fault is over")
  func subscribing() async throws {
    let transport = FaultyTransport(MemoryTransport(), faults: Faults(subscribing: .failure))
    #expect(await Self.code { _ = try await transport.subscribe(to: "t") { _ in } } == .failed)
    transport.change { $0.subscribing = .hanging }
    let cancelled = Task { await Self.code { _ = try await transport.subscribe(to: "t") { _ in } } }
    cancelled.cancel()
    #expect(await cancelled.value == .cancelled)
    let inbox = Inbox()
    let subscribing = Task { try await transport.subscribe(to: "t", onEvent: inbox.receive) }
    transport.change { $0.subscribing = .normal }
    let subscription = try await subscribing.value
    _ = transport.publish(ByteBuffer(string: "1"), to: "t")
    #expect(inbox.all == ["1"])
    withExtendedLifetime(subscription) {}
  }

  @Test("Draining fails or hangs as told, until it is cancelled or the fault is over")
  func draining() async throws {
    let transport = FaultyTransport(MemoryTransport(), faults: Faults(draining: .failure))
    #expect(await Self.code { try await transport.drain() } == .failed)
    transport.change { $0.draining = .hanging }
    let cancelled = Task { await Self.code { try await transport.drain() } }
    cancelled.cancel()
    #expect(await cancelled.value == .cancelled)
    let draining = Task { try await transport.drain() }
    transport.change { $0.draining = .normal }
    try await draining.value
  }

  @Test("It keeps snapshots if and only if the transport beneath does; cut off, it does not")
  func snapshots() async throws {
    let plain: any Transport = FaultyTransport(MemoryTransport())
    #expect(!(plain is any SnapshotTransport))
    let shelf = KeepingTransport.Shelf()
    let faulty = FaultyTransport(KeepingTransport(shelf))
    let keeping: any Transport = faulty
    let transport = try #require(keeping as? any SnapshotTransport)
    _ = try await transport.saveSnapshot(ByteBuffer(string: "state"), of: "t", replacing: nil)
    #expect(try await transport.fetchSnapshot(of: "t")?.bytes == ByteBuffer(string: "state"))
    faulty.change { $0.inbound.isCut = true }
    #expect(await Self.code { _ = try await faulty.fetchSnapshot(of: "t") } == .disconnected)
    faulty.heal()
    faulty.disconnect()
    #expect(
      await Self.code { _ = try await faulty.saveSnapshot(ByteBuffer(), of: "t", replacing: nil) }
        == .disconnected)
    faulty.connect()
    #expect(try await faulty.fetchSnapshot(of: "t")?.bytes == ByteBuffer(string: "state"))
  }

  @Test("Publishing, changing faults and cancelling from inside a callback")
  func reentrancy() async throws {
    let link = try await Link(Faults(bothWays: .init(delay: .seconds(1) ... .seconds(1))))
    let holder = NIOLockedValueBox<TransportSubscription?>(nil)
    let subscription = try await link.faulty.subscribe(to: "t") { event in
      guard case .message = event else { return }
      holder.withLockedValue { $0 }?.cancel()
      link.faulty.faults = Faults()
      _ = link.faulty.publish(ByteBuffer(string: "echo"), to: "echo")
      link.faulty.heal()
    }
    holder.withLockedValue { $0 = subscription }
    let echoes = Inbox()
    let echo = try await link.sound.subscribe(to: "echo", onEvent: echoes.receive)
    link.sendBack(0..<2)
    link.clock.advance(by: .seconds(1))
    #expect(echoes.all == ["echo"])
    #expect(link.faultyInbox.all == ["0", "1", "interrupted", "resumed"])
    withExtendedLifetime(echo) {}
  }

  private static func code(of body: () async throws -> Void) async -> TransportError.Code? {
    do {
      try await body()
      return nil
    } catch {
      return (error as? TransportError)?.code
    }
  }
}

import NIOConcurrencyHelpers
import NIOCore
import PodShare
import Testing

@Suite("MemoryTransport", .timeLimit(.minutes(1)))
struct MemoryTransportTests {
  @Test("Every subscription to the topic gets every message, the publisher's own too, before publish returns")
  func delivery() async throws {
    let network = MemoryNetwork()
    let (a, b) = (MemoryTransport(on: network), MemoryTransport(on: network))
    let inboxes = (0..<4).map { _ in Inbox() }
    let subscriptions = [
      try await a.subscribe(to: "t", onEvent: inboxes[0].receive),
      try await b.subscribe(to: "t", onEvent: inboxes[1].receive),
      try await b.subscribe(to: "t", onEvent: inboxes[2].receive),
      try await b.subscribe(to: "other", onEvent: inboxes[3].receive),
    ]
    #expect(a.publish(ByteBuffer(string: "1"), to: "t") == .accepted)
    #expect(b.publish(ByteBuffer(string: "2"), to: "t") == .accepted)
    #expect(inboxes.map(\.all) == [["1", "2"], ["1", "2"], ["1", "2"], []])
    subscriptions[1].cancel()
    subscriptions[1].cancel()
    _ = a.publish(ByteBuffer(string: "3"), to: "t")
    #expect(inboxes.map(\.all.count) == [3, 2, 3, 0])
    withExtendedLifetime(subscriptions) {}
  }

  @Test("A subscription that is dropped is over")
  func dropped() async throws {
    let transport = MemoryTransport()
    let inbox = Inbox()
    do {
      let subscription = try await transport.subscribe(to: "t", onEvent: inbox.receive)
      _ = transport.publish(ByteBuffer(string: "1"), to: "t")
      withExtendedLifetime(subscription) {}
    }
    _ = transport.publish(ByteBuffer(string: "2"), to: "t")
    #expect(inbox.all == ["1"])
  }

  @Test("Off the network nothing comes in or goes out, and subscribers are told once")
  func disconnecting() async throws {
    let network = MemoryNetwork()
    let (a, b) = (MemoryTransport(on: network), MemoryTransport(on: network))
    let inbox = Inbox()
    let subscription = try await a.subscribe(to: "t", onEvent: inbox.receive)
    a.disconnect()
    a.disconnect()
    #expect(!a.isConnected)
    #expect(a.publish(ByteBuffer(string: "1"), to: "t") == .disconnected)
    #expect(b.publish(ByteBuffer(string: "2"), to: "t") == .accepted)
    await #expect(throws: TransportError.self) { try await a.drain() }
    a.connect()
    a.connect()
    #expect(a.isConnected)
    try await a.drain()
    _ = b.publish(ByteBuffer(string: "3"), to: "t")
    #expect(inbox.all == ["interrupted", "resumed", "3"])
    withExtendedLifetime(subscription) {}
  }

  @Test("Once closed it stays closed")
  func closing() async throws {
    let network = MemoryNetwork()
    let (a, b) = (MemoryTransport(on: network), MemoryTransport(on: network))
    let (mine, theirs) = (Inbox(), Inbox())
    let subscriptions = [
      try await a.subscribe(to: "t", onEvent: mine.receive),
      try await b.subscribe(to: "t", onEvent: theirs.receive),
    ]
    try await a.close()
    try await a.close()
    a.connect()
    #expect(a.publish(ByteBuffer(string: "1"), to: "t") == .disconnected)
    _ = b.publish(ByteBuffer(string: "2"), to: "t")
    #expect(mine.all == [] && theirs.all == ["2"])
    do {
      _ = try await a.subscribe(to: "t") { _ in }
      Issue.record("a closed transport took a subscription")
    } catch {
      #expect(error.code == .closed)
    }
    withExtendedLifetime(subscriptions) {}
  }

  @Test("Publishing, subscribing and cancelling from inside a callback")
  func reentrancy() async throws {
    let transport = MemoryTransport()
    let inbox = Inbox()
    let holder = NIOLockedValueBox<TransportSubscription?>(nil)
    let echo = try await transport.subscribe(to: "echo", onEvent: inbox.receive)
    let subscription = try await transport.subscribe(to: "t") { event in
      guard case .message(let bytes) = event else { return }
      _ = transport.publish(bytes, to: "echo")
      holder.withLockedValue { $0 }?.cancel()
    }
    holder.withLockedValue { $0 = subscription }
    _ = transport.publish(ByteBuffer(string: "1"), to: "t")
    _ = transport.publish(ByteBuffer(string: "2"), to: "t")
    #expect(inbox.all == ["1"])
    holder.withLockedValue { $0 = nil }
    withExtendedLifetime(echo) {}
  }
}

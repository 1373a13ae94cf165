import NIOConcurrencyHelpers
import NIOCore
import PodShare
import PodShareP2P
import Testing

@testable import struct PodShareP2P.Frame

@Suite("One link between two pods, and nobody who holds it up", .timeLimit(.minutes(3)))
struct TransportTrapTests {
  /// Counts what a subscription gets.
  private func collect(_ topic: String, on pod: TestPod) async throws -> (
    NIOLockedValueBox<[String]>, TransportSubscription
  ) {
    let messages = NIOLockedValueBox<[String]>([])
    let subscription = try await pod.transport.subscribe(to: topic) { event in
      if case .message(let bytes) = event { messages.withLockedValue { $0.append(String(buffer: bytes)) } }
    }
    return (messages, subscription)
  }

  @Test(
    "T16: two pods that list each other hold one link, each message arrives once, a watcher sees them all in order"
  )
  func mutualPeers() async throws {
    for round in 0..<5 {
      let a = try await TestPod.start("a\(round)")
      let b = try await TestPod.start("b\(round)")
      a.transport.addPeer(try b.address)
      b.transport.addPeer(try a.address)
      // And by another name.
      a.transport.addPeer(PeerAddress(host: "localhost", port: try b.address.port))
      await a.waitForLinks(["b\(round)"])
      await b.waitForLinks(["a\(round)"])
      await eventually("one connection") {
        let counts = (await a.transport.connectionCount, await b.transport.connectionCount)
        return counts == (1, 1)
      }
      let (messages, subscription) = try await collect("raw", on: b)
      for number in 0..<20_000 {
        while a.transport.publish(ByteBuffer(string: "\(number)"), to: "raw") != .accepted {
          await Task.yield()
        }
      }
      await eventually("all have come") { messages.withLockedValue { $0.count } >= 20_000 }
      #expect(messages.withLockedValue { $0 } == (0..<20_000).map { "\($0)" })
      #expect(a.comings.withLockedValue { $0 } == ["+b\(round)"])
      #expect(a.reported.isEmpty && b.reported.isEmpty, "\(a.reported) \(b.reported)")
      subscription.cancel()
      for pod in [a, b] { try await pod.close() }
    }
  }

  @Test("A pod whose own address is among its peers does not link with itself")
  func ownAddress() async throws {
    let a = try await TestPod.start("a")
    a.transport.addPeer(try a.address)
    let b = try await TestPod.start("b", peers: [try a.address])
    await a.waitForLinks(["b"])
    await eventually("one connection") { await a.transport.connectionCount == 1 }
    #expect(a.reported.isEmpty, "\(a.reported)")
    for pod in [a, b] { try await pod.close() }
  }

  @Test("T17: after one store is closed the other topics go on, and its topic can be joined again")
  func closingOneStore() async throws {
    let a = try await TestPod.start("a")
    let b = try await TestPod.start("b", peers: [try a.address])
    let first = try await a.join("first", of: Int.self)
    let second = try await a.join("second", of: Int.self)
    let firstB = try await b.join("first", of: Int.self)
    let secondB = try await b.join("second", of: Int.self)
    try await firstB.close()
    for number in 0..<300 { try first.set("key\(number)", to: number) }
    try second.set("key", to: 1)
    await eventually("the other topic's write arrives", within: .seconds(5)) { secondB["key"] == 1 }
    let again = try await b.join("first", of: Int.self)
    #expect(again.keys.count == 300)
    for store in [first, second, secondB, again] { try await store.close() }
    for pod in [a, b] { try await pod.close() }
  }

  @Test(
    "T18: a peer that was added by host name can be removed, whoever dialled; nothing comes of it any more")
  func removeByHostName() async throws {
    let a = try await TestPod.start("a")
    let b = try await TestPod.start("b")
    let named = PeerAddress(host: "LOCALHOST", port: try b.address.port)
    a.transport.addPeer(named)
    b.transport.addPeer(try a.address)
    await a.waitForLinks(["b"])
    await eventually("one connection") { await a.transport.connectionCount == 1 }
    let storeA = try await a.join("t18", of: Int.self)
    let storeB = try await b.join("t18", of: Int.self)
    try storeB.set("before", to: 1)
    await eventually("writes arrive") { storeA["before"] == 1 }

    a.transport.removePeer(named)
    await a.waitForLinks([])
    await eventually("b's tries are refused, and b is told") { b.reported.contains { $0.code == .refused } }
    try storeB.set("after", to: 2)
    try await Task.sleep(for: .milliseconds(500))
    #expect(storeA["after"] == nil)
    #expect(await a.transport.peers.isEmpty)

    a.transport.addPeer(named)
    await eventually("it is there again") { storeA["after"] == 2 }
    for store in [storeA, storeB] { try await store.close() }
    for pod in [a, b] { try await pod.close() }
  }

  @Test("T19: a header that promises 64 MiB reserves nothing and is not waited for without limit")
  func promisedBytes() async throws {
    let a = try await TestPod.start("a") { $0.frameTimeout = .milliseconds(300) }
    let liar = try await RawPeer(to: try a.address)
    try await liar.send(hex: "03ffffff010005666c616773")
    await eventually("it is cut off", within: .seconds(5)) { liar.isClosed }
    #expect(a.reported.map(\.code) == [.silentPeer])
    let worse = try await RawPeer(to: try a.address)
    try await worse.send(hex: "ffffffff")
    await eventually("it is cut off", within: .seconds(5)) { worse.isClosed }
    try await a.close()
  }

  @Test("T20: the largest value arrives, one that is too large is refused, and neither cuts the link")
  func largeValue() async throws {
    let a = try await TestPod.start("a")
    let b = try await TestPod.start("b", peers: [try a.address])
    let storeA = try await a.join("t20", of: String.self) { $0.maxValueBytes = 32 * 1_024 * 1_024 }
    let storeB = try await b.join("t20", of: String.self) { $0.maxValueBytes = 32 * 1_024 * 1_024 }
    let large = String(repeating: "y", count: 32 * 1_024 * 1_024 - 2)
    try storeA.set("large", to: large)
    try storeA.set("small", to: "1")
    #expect(throws: StoreError.self) { try storeA.set("larger", to: large + "z") }
    try storeA.set("next", to: "2")
    await eventually("all have come") {
      storeB["large"]?.utf8.count == large.utf8.count && storeB["small"] == "1" && storeB["next"] == "2"
    }
    #expect(b.comings.withLockedValue { $0 } == ["+a"])
    for store in [storeA, storeB] { try await store.close() }
    for pod in [a, b] { try await pod.close() }
  }

  @Test("T21: a peer that does not read costs a bounded queue and is told; the other peers get everything")
  func peerThatDoesNotRead() async throws {
    let a = try await TestPod.start("a") { $0.maxQueuedBytes = 1_024 * 1_024 }
    let b = try await TestPod.start("b", peers: [try a.address])
    let deaf = try await RawPeer(to: try a.address, reads: false)
    try await deaf.greet(as: "deaf", subscribingTo: "t21")
    await a.waitForLinks(["b", "deaf"])
    let pings = Task {
      while !Task.isCancelled {
        try await deaf.send(.ping)
        try await Task.sleep(for: .milliseconds(100))
      }
    }
    let (messages, subscription) = try await collect("t21", on: b)
    let message = ByteBuffer(repeating: 0x7a, count: 1_000)
    for number in 0..<20_000 {
      while a.transport.publish(message, to: "t21") != .accepted { await Task.yield() }
      if number % 100 == 0 { try await Task.sleep(for: .milliseconds(1)) }
    }
    await eventually("the other one has all of them") { messages.withLockedValue { $0.count } == 20_000 }
    #expect(a.reported.map(\.code) == [.slowPeer])
    #expect(await a.linked() == ["b", "deaf"])
    // What it takes nothing of is not waited for.
    let clock = ContinuousClock()
    let start = clock.now
    try await a.transport.drain()
    #expect(clock.now - start < .seconds(5))
    pings.cancel()
    subscription.cancel()
    try await deaf.close()
    for pod in [a, b] { try await pod.close() }
  }

  @Test("T22: refreshing from the connect callback works, and two refreshes at once do")
  func refreshInConnectCallback() async throws {
    let a = try await TestPod.start("a")
    let storeA = try await a.join("t22", of: Int.self) { $0.joinTimeout = .milliseconds(50) }
    try storeA.set("key", to: 1)
    let refreshed = NIOLockedValueBox<[Int?]>([])
    let joined = NIOLockedValueBox<Store<Int>?>(nil)
    let b = try await TestPod.start("b") { configuration in
      configuration.onConnect = { _ in
        Task {
          guard let store = joined.withLockedValue({ $0 }) else { return }
          async let first: Void = store.refresh()
          async let second: Void = store.refresh()
          _ = try await (first, second)
          refreshed.withLockedValue { $0.append(store["key"]) }
        }
      }
    }
    let storeB = try await b.join("t22", of: Int.self) { $0.joinTimeout = .milliseconds(50) }
    joined.withLockedValue { $0 = storeB }
    b.transport.addPeer(try a.address)
    await eventually("the refresh comes to its end, with the entry") {
      refreshed.withLockedValue { $0 } == [1]
    }
    joined.withLockedValue { $0 = nil }
    for store in [storeA, storeB] { try await store.close() }
    for pod in [a, b] { try await pod.close() }
  }

  @Test("Pods of another cluster are refused, and both sides are told why")
  func otherCluster() async throws {
    let a = try await TestPod.start("a") { $0.cluster = "blue" }
    let b = try await TestPod.start("b", peers: [try a.address]) { $0.cluster = "green" }
    await eventually("a says so") { a.reported.contains { $0.code == .otherCluster } }
    await eventually("b says so") { b.reported.contains { [.otherCluster, .refused].contains($0.code) } }
    #expect(await a.linked().isEmpty)
    #expect("\(a.reported)".contains("cluster \"green\", this pod to \"blue\""))
    for pod in [a, b] { try await pod.close() }
  }

  @Test("A message to an inbox travels one link")
  func inboxTravelsOneLink() async throws {
    let a = try await TestPod.start("a")
    let b = try await TestPod.start("b", peers: [try a.address])
    let other = try await RawPeer(to: try a.address)
    try await other.greet(as: "other", subscribingTo: "something else")
    await a.waitForLinks(["b", "other"])
    let (messages, subscription) = try await collect("inbox of b", on: b)
    #expect(a.transport.publish(ByteBuffer(string: "for b"), to: "inbox of b") == .accepted)
    await eventually("b has it") { messages.withLockedValue { $0 } == ["for b"] }
    try await a.transport.drain()
    let kinds = Set(try other.frames().map(\.kind))
    #expect(!kinds.contains(.message))
    subscription.cancel()
    try await other.close()
    for pod in [a, b] { try await pod.close() }
  }
}

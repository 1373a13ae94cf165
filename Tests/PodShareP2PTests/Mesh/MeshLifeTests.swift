import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import PodShare
import PodShareP2P
import Testing

@Suite("A mesh over its life", .timeLimit(.minutes(3)))
struct MeshLifeTests {
  /// Of this process, where the system says so.
  private static var openFiles: Int? {
    try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
  }

  private static var residentBytes: Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
      let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return nil }
    return pages * 4_096
  }

  @Test("200 cycles of links that break and come back leave no connections, files or memory behind")
  func cycles() async throws {
    let a = try await TestPod.start("a")
    let proxy = try await Proxy(to: try a.address)
    let b = try await TestPod.start("b", peers: [proxy.address]) { $0.reconnectInterval = .milliseconds(1) }
    let storeA = try await a.join("cycles", of: Int.self)
    let storeB = try await b.join("cycles", of: Int.self)
    func cycle(_ number: Int) async throws {
      proxy.set(.closed)
      await a.waitForLinks([])
      await b.waitForLinks([])
      try storeA.set("a", to: number)
      try storeB.set("b", to: number)
      proxy.set(.open)
      await eventually("both have both, in cycle \(number)") {
        storeA["b"] == number && storeB["a"] == number
      }
    }
    for number in 0..<40 { try await cycle(number) }
    let (files, memory) = (Self.openFiles, Self.residentBytes)
    for number in 40..<200 { try await cycle(number) }
    await eventually("one connection on either side") {
      let counts = (await a.transport.connectionCount, await b.transport.connectionCount)
      return counts == (1, 1)
    }
    if let files, let now = Self.openFiles { #expect(now <= files + 4, "\(files) files, then \(now)") }
    if let memory, let now = Self.residentBytes {
      #expect(now - memory < 16 * 1_024 * 1_024, "\(memory) bytes, then \(now)")
    }
    for store in [storeA, storeB] { try await store.close() }
    for pod in [a, b] { try await pod.close() }
    try await proxy.close()
  }

  @Test(
    "50 transports that are started, linked and closed leave nothing behind, nor does one that is dropped")
  func startsAndEnds() async throws {
    let a = try await TestPod.start("a")
    let files = Self.openFiles
    for round in 0..<50 {
      let b = try await TestPod.start("b\(round)", peers: [try a.address])
      await b.waitForLinks(["a"])
      // Every other one is dropped, not closed.
      if round % 2 == 0 { try await b.close() }
    }
    await a.waitForLinks([])
    await eventually("no connections are left") { await a.transport.connectionCount == 0 }
    if let files {
      await eventually("no files are left") { (Self.openFiles ?? 0) <= files + 4 }
    }
    try await a.close()
  }

  @Test(
    "A store and a transport that are dropped together are gone, though the last message was for that store")
  func droppedTogether() async throws {
    let a = try await TestPod.start("a")
    let store = try await a.join("t", of: Int.self) { $0.joinTimeout = .milliseconds(50) }
    weak var transport: P2PTransport?
    do {
      let b = try await TestPod.start("b", peers: [try a.address])
      transport = b.transport
      let other = try await b.join("t", of: Int.self)
      try store.set("k", to: 1)
      await eventually("b has it") { other["k"] == 1 }
    }
    await eventually("b's transport is gone", within: .seconds(5)) { transport == nil }
    await a.waitForLinks([])
    try await a.close()
  }

  @Test("20 pods as a full mesh converge under load, with one link between any two")
  func twentyPods() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    var pods: [TestPod] = []
    var stores: [Store<Int>] = []
    for number in 0..<20 {
      let peers = try pods.map { try $0.address }
      let pod = try await TestPod.start("pod\(number)", peers: peers) {
        $0.eventLoopGroup = group
        $0.keepAlive = .seconds(2)
      }
      // Those that were there list the new one, too.
      for other in pods { other.transport.addPeer(try pod.address) }
      pods.append(pod)
      stores.append(
        try await pod.join("twenty", of: Int.self) {
          $0.syncInterval = .seconds(1)
          $0.joinTimeout = number == 0 ? .milliseconds(50) : .seconds(10)
        })
    }
    for pod in pods {
      let others = pods.map(\.transport.nodeID).filter { $0 != pod.transport.nodeID }
      await pod.waitForLinks(others)
    }
    for (number, store) in stores.enumerated() {
      for key in 0..<20 {
        try store.set("own\(number):\(key)", to: key)
        try store.set("shared\(key)", to: number * 100 + key)
      }
    }
    await eventually("all hold the same 420 keys", within: .seconds(30)) {
      let first = stores[0].snapshot().dictionary
      return first.count == 420 && stores.allSatisfy { $0.snapshot().dictionary == first }
    }
    await eventually("19 connections on every pod", within: .seconds(10)) {
      for pod in pods where await pod.transport.connectionCount != 19 { return false }
      return true
    }
    for store in stores { try await store.close(timeout: .seconds(2)) }
    for pod in pods { try await pod.close() }
    try await group.shutdownGracefully()
  }

  @Test("A transport whose port is taken says so, and can be started when the port is free")
  func portTaken() async throws {
    let a = try await TestPod.start("a")
    let address = try a.address
    let b = P2PTransport(listenAddress: address)
    await #expect(throws: P2PError.self) { try await b.start() }
    do {
      try await b.start()
    } catch {
      #expect(error.code == .listenFailed && error.message.contains("\(address)"), "\(error)")
    }
    try await a.close()
    try await b.start()
    #expect(b.listenAddress == address)
    try await b.close()
    await #expect(throws: P2PError.self) { try await b.start() }
    #expect(b.publish(ByteBuffer(), to: "t") == .disconnected)
  }

  @Test("A name that is unknown is said to be so")
  func unknownName() async throws {
    let a = try await TestPod.start("a", peers: ["no-such-host.invalid:9101"])
    await eventually("it is reported") { !a.reported.isEmpty }
    let error = try #require(a.reported.first)
    #expect(error.code == .dialFailed)
    #expect(error.message.hasPrefix("its name could not be looked up: "))
    #expect(!error.message.contains("UnknownHost"), "\(error)")
    try await a.close()
  }

  @Test("Subscribing heeds cancellation while the peers are being dialled")
  func cancelledSubscription() async throws {
    // Accepts, and says nothing.
    let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: "127.0.0.1", port: 0).get()
    let address = PeerAddress(host: "127.0.0.1", port: silent.localAddress?.port ?? 0)
    let a = try await TestPod.start("a", peers: [address]) { $0.handshakeTimeout = .seconds(60) }
    let joining = Task { try await a.join("never", of: Int.self) }
    try await Task.sleep(for: .milliseconds(50))
    joining.cancel()
    let start = ContinuousClock.now
    await #expect(throws: StoreError.self) { try await joining.value }
    #expect(ContinuousClock.now - start < .seconds(2))
    try await a.close()
    try await silent.close()
  }
}

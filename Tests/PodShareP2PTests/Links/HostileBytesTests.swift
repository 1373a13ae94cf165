import NIOConcurrencyHelpers
import NIOCore
import PodShare
import PodShareP2P
import PodShareTestKit
import Testing

@testable import struct PodShareP2P.Frame

@Suite("Bytes that no pod would send", .timeLimit(.minutes(2)))
struct HostileBytesTests {
  private static let unchanged: @Sendable (inout P2PConfiguration) -> Void = { _ in }

  /// Two pods that go on serving each other while something is done to one of them.
  private func whileServing(
    with change: @Sendable (inout P2PConfiguration) -> Void = Self.unchanged,
    _ body: (TestPod) async throws -> Void
  ) async throws {
    let a = try await TestPod.start("a", peers: [], change)
    let b = try await TestPod.start("b", peers: [try a.address], change)
    let storeA = try await a.join("served", of: Int.self)
    let storeB = try await b.join("served", of: Int.self)
    try await body(a)
    try storeA.set("after", to: 1)
    try storeB.set("too", to: 2)
    await eventually("both still have both", within: .seconds(5)) {
      storeB["after"] == 1 && storeA["too"] == 2
    }
    #expect(b.comings.withLockedValue { $0 } == ["+a"])
    for store in [storeA, storeB] { try await store.close() }
    for pod in [a, b] { try await pod.close() }
  }

  @Test("Random bytes, on 200 connections")
  func randomBytes() async throws {
    let seed = UInt64.random(in: .min ... .max)
    var generator = SeededGenerator(seed: seed)
    try await whileServing { a in
      for _ in 0..<200 {
        let peer = try await RawPeer(to: try a.address)
        let count = Int.random(in: 1...2_000, using: &generator)
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        try? await peer.send(ByteBuffer(bytes: bytes))
        try? await peer.close()
      }
      await eventually("their connections are gone, seed \(seed)") { await a.transport.connectionCount == 1 }
    }
  }

  @Test("Frames of all kinds with random contents, after a proper greeting")
  func randomFrames() async throws {
    let seed = UInt64.random(in: .min ... .max)
    var generator = SeededGenerator(seed: seed)
    try await whileServing { a in
      for round in 0..<100 {
        let peer = try await RawPeer(to: try a.address)
        try await peer.greet(as: "hostile\(round)", subscribingTo: "served")
        for _ in 0..<20 {
          let kind = Frame.Kind(rawValue: UInt8.random(in: 0...80, using: &generator))
          let payload = (0..<Int.random(in: 0...100, using: &generator)).map { _ in
            UInt8.random(in: 0...255, using: &generator)
          }
          try? await peer.send(
            kind, topic: ["served", "", "served\u{1f}sync", "t"].randomElement(using: &generator)!,
            payload: ByteBuffer(bytes: payload))
        }
        try? await peer.close()
      }
      await eventually("their connections are gone, seed \(seed)") { await a.transport.connectionCount == 1 }
    }
  }

  @Test("A flood of connections beyond the limit, and slow ones that never get to a frame")
  func floods() async throws {
    let change: @Sendable (inout P2PConfiguration) -> Void = {
      $0.maxInboundLinks = 20
      $0.handshakeTimeout = .milliseconds(300)
    }
    try await whileServing(with: change) { a in
      var slow: [RawPeer] = []
      for _ in 0..<15 {
        let peer = try await RawPeer(to: try a.address)
        try await peer.send(ByteBuffer(bytes: [0, 0]))
        slow.append(peer)
      }
      var rest: [RawPeer] = []
      for _ in 0..<40 { if let peer = try? await RawPeer(to: try a.address) { rest.append(peer) } }
      await eventually("those beyond the limit are closed") { rest.filter(\.isClosed).count >= 36 }
      await eventually("so are the slow ones, in time") { slow.allSatisfy(\.isClosed) }
      #expect(a.reported.contains { $0.code == .tooManyLinks })
      #expect(a.reported.contains { $0.code == .handshakeFailed })
      for peer in rest { try? await peer.close() }
    }
  }

  @Test("As many silent connections as may come in do not keep out a pod that greets")
  func silentConnections() async throws {
    let a = try await TestPod.start("a") {
      $0.maxInboundLinks = 20
      $0.handshakeTimeout = .milliseconds(100)
    }
    var silent: [RawPeer] = []
    for _ in 0..<20 { silent.append(try await RawPeer(to: try a.address)) }
    try await Task.sleep(for: .milliseconds(500))
    // They come back as fast as they are closed.
    for _ in 0..<20 { if let peer = try? await RawPeer(to: try a.address) { silent.append(peer) } }
    let b = try await TestPod.start("b", peers: [try a.address])
    await eventually("the pod is linked", within: .seconds(5)) { await b.linked() == ["a"] }
    #expect(await a.transport.linkedPeers.count { $0.isGoPod } <= 5)
    for peer in silent { try? await peer.close() }
    for pod in [b, a] { try await pod.close() }
  }

  @Test("One that asks without end and does not read the answers is cut off, with bounded memory")
  func asksAndDoesNotRead() async throws {
    let change: @Sendable (inout P2PConfiguration) -> Void = { configuration in
      configuration.maxQueuedBytes = 1_024 * 1_024
      // A debug build on a busy machine takes up to a second for what it reads at once, thirteen thousand questions.
      configuration.keepAlive = .seconds(2)
    }
    try await whileServing(with: change) { a in
      let peer = try await RawPeer(to: try a.address, reads: false)
      try await peer.greet(as: "asker")
      var bytes = ByteBuffer()
      for number in 0..<10_000 {
        bytes.writeFrame(.subscribe, topic: "t", payload: ByteBuffer(integer: UInt64(number + 1)))
      }
      for _ in 0..<80 where !peer.isClosed { try? await peer.send(bytes) }
      await eventually("it is cut off") { a.reported.contains { $0.code == .disconnected } }
    }
  }
}

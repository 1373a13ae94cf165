import NIOCore
import NIOPosix
import PodShare
import PodShareP2P
import Testing

@testable import struct PodShareP2P.Frame

@Suite("A transport that is closed", .timeLimit(.minutes(3)))
struct ClosingTests {
  @Test("Joining and subscribing over it throw closed")
  func afterwards() async throws {
    let transport = P2PTransport()
    try await transport.start()
    try await transport.close()
    let errors = [
      await error { _ = try await transport.subscribe(to: "t") { _ in } },
      await error { try await transport.drain() },
      await error { _ = try await Store<Int>.join("t", over: transport) },
    ]
    #expect((errors[0] as? TransportError)?.code == .closed)
    #expect((errors[1] as? TransportError)?.code == .closed)
    #expect((errors[2] as? StoreError)?.code == .transport)
    #expect("\(errors[2], default: "none")".contains("closed"), "\(errors)")
    transport.addPeer("127.0.0.1:1")
    #expect(await transport.linkedPeers.isEmpty)
  }

  private func error(_ body: () async throws -> Void) async -> (any Error)? {
    do {
      try await body()
      return nil
    } catch {
      return error
    }
  }

  @Test(
    "While it is being closed, whatever else is asked of it schedules nothing on an event loop that is gone")
  func meanwhile() async throws {
    let output = try await standardError {
      for round in 0..<300 {
        let transport = P2PTransport()
        if round % 3 > 0 { try await transport.start() }
        let subscription = round % 3 == 2 ? try await transport.subscribe(to: "before") { _ in } : nil
        await withTaskGroup(of: Void.self) { group in
          let things: [@Sendable () async throws -> Void] = [
            { _ = try await Store<Int>.join("t", over: transport) },
            { _ = try await transport.subscribe(to: "t") { _ in } },
            { try await transport.drain() },
            { for port in 1..<20 { transport.addPeer(PeerAddress(host: "localhost", port: port)) } },
            { for port in 1..<20 { transport.syncPeers([PeerAddress(host: "127.0.0.1", port: port)]) } },
            { for _ in 0..<20 { _ = transport.publish(ByteBuffer(string: "m"), to: "t") } },
            { _ = await transport.linkedPeers },
            { _ = await transport.fetchStates(of: "t") },
            { subscription?.cancel() },
          ]
          for thing in things { group.addTask { try? await thing() } }
          group.addTask {
            // Later in each round than in the one before.
            try? await Task.sleep(for: .microseconds(round % 30 * 20))
            try? await transport.close()
          }
        }
        try await transport.close()
      }
    }
    #expect(!output.contains("already shut down"), "\(output.prefix(500))")
  }

  @Test("Nothing comes back to its event loop that took longer than closing: a state that a Go pod asked for")
  func states() async throws {
    let output = try await standardError {
      let pod = try await TestPod.start("a")
      let serving = pod.transport.serveState(of: "t") {
        try? await Task.sleep(for: .milliseconds(300))
        return ByteBuffer(string: "{}")
      }
      let go = try await RawPeer(to: try pod.address)
      try await go.send(.snapshotRequest, topic: "t")
      await eventually("it was asked") { await pod.transport.linkedPeers.contains { $0.isGoPod } }
      try await pod.close()
      try await Task.sleep(for: .milliseconds(500))
      serving.cancel()
      try await go.close()
    }
    #expect(!output.contains("already shut down"), "\(output.prefix(500))")
  }
}

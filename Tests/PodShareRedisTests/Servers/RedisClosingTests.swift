import NIOCore
import PodShare
import PodShareRedis
import Testing

@Suite("The end of a transport over Redis", .needsRedis, .timeLimit(.minutes(1)))
struct RedisClosingTests {
  @Test("Joining, publishing and draining over a closed transport fail, and nothing else")
  func closed() async throws {
    let server = try await RedisServer()
    for hasJoined in [false, true] {
      let pod = try RedisPod("a", server)
      let store = hasJoined ? try await pod.join("t", of: Int.self) : nil
      try await pod.close()
      try await pod.close()
      #expect(pod.transport.publish(.init(string: "x"), to: "t") == .disconnected)
      await #expect(throws: TransportError.self) { try await pod.transport.drain() }
      await #expect(throws: StoreError.self) { _ = try await pod.join("other", of: Int.self) }
      try? await store?.close()
    }
  }

  @Test(
    "A store and a transport that are dropped together are gone, though the last message was for that store")
  func droppedTogether() async throws {
    let server = try await RedisServer()
    let a = try RedisPod("a", server)
    let store = try await a.join("t", of: Int.self)
    weak var transport: RedisTransport?
    do {
      let b = try RedisPod("b", server)
      transport = b.transport
      let other = try await b.join("t", of: Int.self)
      try store.set("k", to: 1)
      await eventually("b has it") { other["k"] == 1 }
    }
    await eventually("b's transport is gone", within: .seconds(5)) { transport == nil }
    try await store.close()
    try await a.close()
  }

  @Test("A transport is closed while it does everything at once, whatever it is just at: a hundred times")
  func closedAtAnyTime() async throws {
    let server = try await RedisServer()
    for round in 0..<100 {
      let pod = try RedisPod("a", server) { configuration in
        switch round % 4 {
        case 0: configuration.addresses = [RedisAddress(host: "localhost", port: server.port)]
        case 1: configuration.addresses = [RedisAddress(host: "no.such.host.invalid")]
        case 2:
          configuration.resolve = {
            try await Task.sleep(for: .milliseconds(3))
            return [server.address]
          }
        default: break
        }
      }
      let joining = Task { try await pod.join("t", of: Int.self) }
      let publishing = Task {
        while !Task.isCancelled {
          _ = pod.transport.publish(.init(string: "x"), to: "t")
          await Task.yield()
        }
      }
      try await Task.sleep(for: .microseconds(round * 100))
      try await pod.close()
      publishing.cancel()
      joining.cancel()
      try? await joining.value.close()
    }
  }
}

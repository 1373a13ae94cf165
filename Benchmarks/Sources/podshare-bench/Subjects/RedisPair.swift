import PodShare
import PodShareRedis

/// Two pods that meet at a Redis server on loopback, and a store on each.
struct RedisPair<Value: Codable & Sendable>: Sendable {
  let transports: [RedisTransport]
  let a: Store<Value>
  let b: Store<Value>

  init(at server: RedisProcess) async throws {
    let (transportA, a) = try await Self.pod(at: server)
    let (transportB, b) = try await Self.pod(at: server)
    transports = [transportA, transportB]
    (self.a, self.b) = (a, b)
  }

  static func pod(at server: RedisProcess) async throws -> (RedisTransport, Store<Value>) {
    let transport = try RedisTransport(configuration: RedisConfiguration(addresses: [server.address]))
    var configuration = StoreConfiguration<Value>()
    configuration.joinTimeout = .milliseconds(100)
    return (transport, try await Store.join("bench", over: transport, configuration: configuration))
  }

  func close() async throws {
    for store in [a, b] { try await store.close() }
    for transport in transports { try await transport.close() }
  }
}

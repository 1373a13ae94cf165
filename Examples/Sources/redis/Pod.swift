import PodShare
import PodShareRedis
import Story

/// One pod: its connection to the server, and its store.
struct Pod {
  private let name: String
  private let transport: RedisTransport
  private let disconnections: AsyncStream<Void>

  init(_ name: String, at server: Server) throws {
    self.name = name
    let (disconnections, continuation) = AsyncStream<Void>.makeStream()
    var configuration = RedisConfiguration(addresses: [server.address])
    configuration.clientName = name
    configuration.onDisconnect = { _ in continuation.yield() }
    transport = try RedisTransport(configuration: configuration)
    self.disconnections = disconnections
  }

  func join() async throws -> Store<String> {
    var configuration = StoreConfiguration<String>()
    configuration.nodeID = name
    return try await Store<String>.join("notes", over: transport, configuration: configuration)
  }

  func isDisconnected() async throws {
    for await _ in disconnections { return remark("\(name) notices that the server is gone") }
  }

  func close() async throws {
    try await transport.close()
  }
}

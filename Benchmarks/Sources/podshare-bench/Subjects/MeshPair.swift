import PodShare
import PodShareP2P

/// Two pods that are linked over loopback, and a store on each.
struct MeshPair<Value: Codable & Sendable>: Sendable {
  let transports: [P2PTransport]
  let a: Store<Value>
  let b: Store<Value>

  static func linked(of type: Value.Type) async throws -> MeshPair {
    let (transportA, a) = try await pod(of: type, peers: [])
    let (transportB, b) = try await pod(of: type, peers: [transportA.listenAddress].compactMap { $0 })
    while await transportA.linkedPeers.isEmpty { await Task.yield() }
    return MeshPair(transports: [transportA, transportB], a: a, b: b)
  }

  static func pod(of type: Value.Type, peers: [PeerAddress]) async throws -> (P2PTransport, Store<Value>) {
    let transport = P2PTransport(peers: peers)
    var configuration = StoreConfiguration<Value>()
    configuration.joinTimeout = peers.isEmpty ? .milliseconds(1) : .seconds(10)
    return (transport, try await Store.join("bench", over: transport, configuration: configuration))
  }

  func close() async throws {
    for store in [a, b] { try await store.close() }
    for transport in transports { try await transport.close() }
  }
}

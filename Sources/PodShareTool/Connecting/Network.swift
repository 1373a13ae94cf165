import PodShare
import PodShareP2P
import PodShareRedis

/// How a pod of the tool's own meets the others.
enum Network: Sendable {
  case mesh(P2PTransport)
  case redis(RedisTransport, at: [RedisAddress])

  var transport: any Transport {
    switch self {
    case .mesh(let transport): transport
    case .redis(let transport, _): transport
    }
  }

  /// Where this pod listens, or the server that it meets the others at.
  var address: String? {
    switch self {
    case .mesh(let transport): transport.listenAddress?.description
    case .redis(_, let addresses): addresses.map(\.description).joined(separator: ",")
    }
  }

  /// The pods that this one is linked with. At a server nobody is.
  var linkedPeers: [P2PPeer] {
    get async {
      guard case .mesh(let transport) = self else { return [] }
      return await transport.linkedPeers
    }
  }

  /// Whether what is written outlives this pod even if no other is there.
  var keepsEntries: Bool { if case .redis = self { true } else { false } }

  func close() async { try? await transport.close() }
}

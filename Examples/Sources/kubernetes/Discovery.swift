import PodShareP2P
import ServiceLifecycle

/// Tells the transport, and the readiness probe, where the other pods are.
struct Discovery: Service {
  let discoverer: any PeerDiscoverer
  let transport: P2PTransport
  let readiness: Readiness

  func run() async throws {
    try await cancelWhenGracefulShutdown {
      try await discoverer.run { peers in
        transport.syncPeers(peers)
        if peers.isEmpty { readiness.isAlone() }
      }
    }
  }
}

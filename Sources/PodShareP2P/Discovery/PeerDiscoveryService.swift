public import ServiceLifecycle

/// Keeps the peers of a transport up to date as part of a service group, until its graceful shutdown.
///
/// ```swift
/// let discovery = PeerDiscoveryService(discoverer, for: transport)
/// let group = ServiceGroup(
///   services: [transport, discovery, store, server], gracefulShutdownSignals: [.sigterm], logger: logger)
/// ```
public struct PeerDiscoveryService: Service {
  private let discoverer: any PeerDiscoverer
  private let transport: P2PTransport

  /// Makes a service that gives all that the discoverer finds to ``P2PTransport/syncPeers(_:)``.
  public init(_ discoverer: any PeerDiscoverer, for transport: P2PTransport) {
    self.discoverer = discoverer
    self.transport = transport
  }

  /// Discovers peers until the graceful shutdown, or until the task is cancelled. Throws what the discoverer throws.
  public func run() async throws {
    try await cancelWhenGracefulShutdown {
      try await discoverer.run(transport.syncPeers)
    }
  }
}

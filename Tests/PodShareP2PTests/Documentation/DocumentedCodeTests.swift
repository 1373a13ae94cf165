import Foundation
import Logging
import PodShare
import PodShareP2P
import ServiceLifecycle
import Testing
import UnixSignals

// The code of the articles on the mesh. What stands between the marks is compiled here, and compared with the pages by
// `DocumentationPagesTests` of the other test target. Most of it runs until it is stopped, so it is not run.

@Suite("The documentation's code: the mesh", .timeLimit(.minutes(1)))
struct DocumentedMeshCodeTests {
  private struct Limits: Codable {
    var requestsPerSecond: Int
  }

  private struct Server: Service {
    func run() async throws {}
  }

  private struct Readiness {
    func isAlone() {}
  }

  private let logger = Logger(label: "documentation")

  @Test("Landing page")
  func landingPage() {
    func join() async throws {
      // shown
      let transport = P2PTransport(listenAddress: "0.0.0.0:9101", peers: ["10.0.0.5:9101", "10.0.0.6:9101"])
      let store = try await Store<Limits>.join("limits", over: transport)
      // end
      _ = store
    }
    func discover(
      _ transport: P2PTransport, _ store: Store<Limits>, _ server: Server, myself: PeerAddress
    ) async throws {
      // shown
      let discoverer = DNSDiscoverer(host: "limits-peers", port: 9101, myself: myself)
      let group = ServiceGroup(
        services: [transport, PeerDiscoveryService(discoverer, for: transport), store, server],
        gracefulShutdownSignals: [.sigterm], logger: logger)
      try await group.run()
      // end
    }
    _ = (join, discover)
  }

  @Test("Deploying in Kubernetes: finding the others, and being ready")
  func finding() {
    func discover(_ readiness: Readiness) async throws {
      // shown
      let environment = ProcessInfo.processInfo.environment
      let myself = PeerAddress(host: environment["POD_IP"] ?? "127.0.0.1", port: 9101)
      let transport = P2PTransport(listenAddress: myself)
      let discoverer = DNSDiscoverer(host: "flags-peers", port: 9101, myself: myself) { error in
        logger.warning("\(error)")
      }
      // end
      try await run(discoverer, transport, readiness)
    }
    func run(
      _ discoverer: any PeerDiscoverer, _ transport: P2PTransport, _ readiness: Readiness
    ) async throws {
      // shown
      try await discoverer.run { peers in
        transport.syncPeers(peers)
        if peers.isEmpty { readiness.isAlone() }
      }
      // end
    }
    _ = discover
  }

  @Test("Deploying in Kubernetes: the end of a pod")
  func ending() {
    func run(
      _ transport: P2PTransport, _ discovery: PeerDiscoveryService, _ store: Store<Limits>, _ server: Server
    ) async throws {
      // shown
      var group = ServiceGroupConfiguration(
        services: [transport, discovery, store, server], gracefulShutdownSignals: [.sigterm], logger: logger)
      group.maximumGracefulShutdownDuration = .seconds(20)
      try await ServiceGroup(configuration: group).run()
      // end
    }
    _ = run
  }

  @Test("Deploying in Kubernetes: certificates")
  func certificates() {
    var configuration = P2PConfiguration()
    // shown
    configuration.tls = .mutual(
      certificateFile: "/etc/podshare/tls/tls.crt",
      keyFile: "/etc/podshare/tls/tls.key",
      authorityFile: "/etc/podshare/tls/ca.crt")
    // end
    #expect(configuration.tls?.requiresPeerCertificate == true)
  }
}

import Logging
import PodShareP2P

/// What the environment says. `Examples/kubernetes/podshare.yaml` sets all of it; without any, this is a pod on this
/// machine alone.
struct Settings {
  struct Unusable: Error, CustomStringConvertible {
    let description: String
  }

  /// `POD_NAME`: what the pod is called, unlike any other.
  let name: String
  /// `HTTP_HOST` and `HTTP_PORT`: where requests come in.
  let httpHost: String
  let httpPort: Int
  /// `POD_IP` and `PODSHARE_PORT`: where other pods dial this one.
  let address: PeerAddress
  /// `PODSHARE_SERVICE`: the name that leads to all pods. Without one, `PODSHARE_PEERS` lists them.
  let service: String?
  /// `TLS_DIRECTORY`: where `tls.crt`, `tls.key` and `ca.crt` are. Without one, links are in plain text.
  let tlsDirectory: String?

  init(_ environment: [String: String]) throws(Unusable) {
    func port(_ variable: String, _ standard: Int) throws(Unusable) -> Int {
      guard let text = environment[variable] else { return standard }
      guard let port = Int(text), 1...65_535 ~= port else {
        throw Unusable(
          description: "\(variable) must be a port, from 1 to 65535, unlike \(text.debugDescription)")
      }
      return port
    }
    name = environment["POD_NAME"] ?? "pod-\(UInt32.random(in: 0...UInt32.max))"
    httpHost = environment["HTTP_HOST"] ?? "127.0.0.1"
    httpPort = try port("HTTP_PORT", 8080)
    address = PeerAddress(host: environment["POD_IP"] ?? "127.0.0.1", port: try port("PODSHARE_PORT", 9101))
    service = environment["PODSHARE_SERVICE"]
    tlsDirectory = environment["TLS_DIRECTORY"]
  }

  func network(_ logger: Logger) -> P2PConfiguration {
    // Not on all addresses: other pods come to this one.
    var network = P2PConfiguration(listenAddress: address)
    network.nodeID = name
    network.logger = logger
    network.acceptsGoPods = false
    // For each peer that does not read. All of them together must fit into the pod's memory limit.
    network.maxQueuedBytes = 16 * 1_024 * 1_024
    network.tls = tlsDirectory.map { directory in
      .mutual(
        certificateFile: "\(directory)/tls.crt", keyFile: "\(directory)/tls.key",
        authorityFile: "\(directory)/ca.crt")
    }
    return network
  }

  func discoverer(_ logger: Logger) -> any PeerDiscoverer {
    guard let service else { return EnvironmentPeers() }
    return DNSDiscoverer(host: service, port: address.port, myself: address) { logger.warning("\($0)") }
  }
}

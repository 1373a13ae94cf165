import NIOConcurrencyHelpers
import PodShare
import PodShareP2P
import Testing

/// Waits until something is so; records what is being waited for if it does not come about.
func eventually(
  _ what: String, within limit: Duration = .seconds(20), sourceLocation: SourceLocation = #_sourceLocation,
  _ isSo: () async -> Bool
) async {
  let clock = ContinuousClock()
  let deadline = clock.now + limit
  while clock.now < deadline {
    if await isSo() { return }
    try? await Task.sleep(for: .milliseconds(5))
  }
  if await isSo() { return }
  Issue.record("not within \(limit): \(what)", sourceLocation: sourceLocation)
}

/// A transport and what it reports.
struct TestPod: Sendable {
  let transport: P2PTransport
  let errors: NIOLockedValueBox<[P2PError]>
  /// "+node" when it was linked, "-node" when it no longer was.
  let comings: NIOLockedValueBox<[String]>

  /// Listens on a free port.
  static func start(
    _ name: String, peers: [PeerAddress] = [], _ change: (inout P2PConfiguration) -> Void = { _ in }
  ) async throws -> TestPod {
    var configuration = P2PConfiguration(peers: peers)
    configuration.nodeID = name
    configuration.keepAlive = .milliseconds(500)
    let errors = NIOLockedValueBox<[P2PError]>([])
    let comings = NIOLockedValueBox<[String]>([])
    configuration.onError = { error in errors.withLockedValue { $0.append(error) } }
    configuration.onConnect = { peer in comings.withLockedValue { $0.append("+\(peer.nodeID)") } }
    configuration.onDisconnect = { peer in comings.withLockedValue { $0.append("-\(peer.nodeID)") } }
    change(&configuration)
    let pod = TestPod(transport: P2PTransport(configuration: configuration), errors: errors, comings: comings)
    try await pod.transport.start()
    return pod
  }

  var address: PeerAddress {
    get throws { try #require(transport.listenAddress) }
  }

  var reported: [P2PError] { errors.withLockedValue { $0 } }

  func linked() async -> [String] { await transport.linkedPeers.map(\.nodeID).sorted() }

  func waitForLinks(_ names: [String], sourceLocation: SourceLocation = #_sourceLocation) async {
    await eventually("\(transport.nodeID) is linked with \(names)", sourceLocation: sourceLocation) {
      await linked() == names.sorted()
    }
  }

  func join<Value: Codable & Sendable>(
    _ topic: String, of type: Value.Type = Value.self,
    _ change: (inout StoreConfiguration<Value>) -> Void = { _ in }
  ) async throws -> Store<Value> {
    var configuration = StoreConfiguration<Value>()
    configuration.nodeID = transport.nodeID
    configuration.syncInterval = .milliseconds(200)
    change(&configuration)
    return try await Store<Value>.join(topic, over: transport, configuration: configuration)
  }

  func close() async throws { try await transport.close() }
}

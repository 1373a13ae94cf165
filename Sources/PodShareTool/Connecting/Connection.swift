import PodShare
import PodShareP2P
import PodShareRedis

/// A pod of the tool's own in a fleet: its network and its store.
final class Connection: Sendable {
  let network: Network
  let store: Store<JSONValue>
  let problems: Problems

  private init(_ network: Network, _ store: Store<JSONValue>, _ problems: Problems) {
    self.network = network
    self.store = store
    self.problems = problems
  }

  /// Listens, if it is to, and begins to dial.
  ///
  /// - Parameter patience: How long the fleet is waited for at most.
  static func makeTransport(
    _ options: NetworkOptions, peers: [PeerAddress], listening: PeerAddress?, patience: Duration? = nil,
    problems: Problems
  ) async throws(Failure) -> P2PTransport {
    var configuration = P2PConfiguration(listenAddress: listening, peers: peers)
    configuration.cluster = options.cluster
    configuration.nodeID = options.nodeID
    configuration.tls = options.tls.configuration
    // Those could not read version 2. And with version 2 a pod that hangs must not be taken for one of them.
    configuration.acceptsGoPods = options.wire == .v1
    if options.wire == .v1, let patience {
      // A Go pod does not greet. There must be some time left to ask it when that has been noticed.
      configuration.handshakeTimeout = min(
        configuration.handshakeTimeout, max(patience / 3, .milliseconds(1)))
    }
    configuration.onError = { problems.report($0) }
    configuration.onConnect = { _ in problems.noteLink() }
    let transport = P2PTransport(configuration: configuration)
    do {
      try await transport.start()
      return transport
    } catch {
      try? await transport.close()
      let status: ExitStatus = error.code == .unusableCertificates ? .tlsFailed : .failed
      throw Failure(status, error.message)
    }
  }

  /// Joins the topic. Others may have been found by the time it returns, or not.
  static func join(
    _ options: NetworkOptions, over network: Network, patience: Duration, problems: Problems
  ) async throws(Failure) -> Connection {
    var configuration = StoreConfiguration<JSONValue>(codec: JSONValueCodec())
    configuration.nodeID = options.nodeID
    configuration.wireFormat = options.wire.format
    configuration.syncInterval = .milliseconds(options.syncInterval)
    configuration.joinTimeout = patience
    configuration.onError = { problems.report($0) }
    do {
      let store = try await Store.join(options.topic, over: network.transport, configuration: configuration)
      return Connection(network, store, problems)
    } catch {
      guard let cause = problems.redis.last else { throw Failure(.failed, error.message) }
      throw Failure(
        cause.status, cause.server.map { "Redis at \($0): \(cause.message)" } ?? cause.message)
    }
  }

  /// Leaves the fleet. What goes wrong is among the problems.
  func close() async {
    do {
      try await store.close()
    } catch {
      problems.report(error)
    }
    await network.close()
  }
}

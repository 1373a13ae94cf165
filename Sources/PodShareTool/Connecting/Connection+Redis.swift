import PodShare
import PodShareRedis

extension Connection {
  /// Connects to a server once a store joins.
  ///
  /// - Parameter patience: How long it is waited for.
  static func makeNetwork(
    at server: RedisConfiguration, _ options: NetworkOptions, patience: Duration?, problems: Problems
  ) throws(Failure) -> Network {
    var configuration = server
    configuration.clientName = "podshare"
    configuration.startTimeout = patience
    if configuration.tls != nil {
      configuration.tls = RedisTLS(
        authorityFile: options.tls.tlsCa, certificateFile: options.tls.tlsCert, keyFile: options.tls.tlsKey)
    }
    configuration.onError = { problems.report($0) }
    configuration.onConnect = { _ in problems.noteLink() }
    do {
      return .redis(try RedisTransport(configuration: configuration), at: configuration.addresses)
    } catch {
      throw Failure(.failed, error.message)
    }
  }

  /// Joins a fleet at a server, and has what the others have, or what is kept there, when this returns.
  ///
  /// - Parameter mustExist: Whether it is a failure if nobody is there and nothing is kept.
  static func open(
    _ options: FleetOptions, at server: RedisConfiguration, mustExist: Bool
  ) async throws(Failure) -> Connection {
    let problems = Problems(isTelling: false)
    let network = try makeNetwork(at: server, options.network, patience: options.patience, problems: problems)
    let connection: Connection
    do {
      connection = try await join(
        options.network, over: network, patience: min(options.patience, .seconds(1)), problems: problems)
    } catch {
      await network.close()
      throw error
    }
    // Without the right to read it, what is kept is not known.
    if mustExist, let error = problems.store(.transport) {
      await connection.close()
      throw Failure(.refused, "\(error)")
    }
    guard mustExist, !connection.store.isCaughtUp, connection.store.members.isEmpty else { return connection }
    await connection.close()
    throw Failure(
      .notCaughtUp,
      """
      nobody is there, and nothing is kept for topic \(options.network.topic.debugDescription) at \
      \(network.address ?? ""). Is that its name?
      """)
  }
}

extension RedisError {
  var status: ExitStatus {
    switch code {
    case .tlsFailed, .unusableCertificates: .tlsFailed
    case .authenticationFailed, .notPermitted, .refused: .refused
    default: .unreachable
    }
  }
}

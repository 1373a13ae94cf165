import PodShare
import PodShareP2P

extension Connection {
  /// Joins a fleet that is running, as a pod that nobody dials, and has what the others have when this returns.
  static func open(_ options: FleetOptions) async throws(Failure) -> Connection {
    let problems = Problems(isTelling: false)
    let peers = options.peers
    let transport = try await makeTransport(options.mesh, peers: peers, listening: nil, problems: problems)
    let joining = Task {
      try await join(options.mesh, over: transport, patience: options.patience, problems: problems)
    }
    let givingUp = Task {
      await waitUntilHopeless(options, transport, problems)
      guard !Task.isCancelled else { return false }
      joining.cancel()
      // Ends what joining waits for.
      try? await transport.close()
      return true
    }
    let result = await joining.result
    givingUp.cancel()
    let hasGivenUp = await givingUp.value
    // Asked for before the transport is closed, when there are none any more.
    let linked = await transport.linkedPeers
    if case .success(let connection) = result {
      if connection.store.isCaughtUp, !hasGivenUp { return connection }
      await connection.close()
    }
    try? await transport.close()
    if case .failure(let failure as Failure) = result, !hasGivenUp { throw failure }
    throw Diagnosis(options, problems, linked: linked).failure(after: options.timeoutText)
  }

  /// Returns when nobody can be reached within the time there is, or will not want this pod however long it waits. As
  /// long as others are linked it is theirs to answer.
  private static func waitUntilHopeless(
    _ options: FleetOptions, _ transport: P2PTransport, _ problems: Problems
  ) async {
    let clock = ContinuousClock()
    let start = clock.now
    while !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(50))
      let linked = await transport.linkedPeers
      let diagnosis = Diagnosis(options, problems, linked: linked)
      let waited = clock.now - start
      if linked.isEmpty, waited >= options.patience { return }
      // Not all peers may have answered before.
      if diagnosis.isHopeless, waited >= .milliseconds(1_500) { return }
    }
  }

  /// Leaves the fleet when some other pod has what was written here.
  func closeConfirmed() async throws(Failure) {
    let isAnybodyThere = !store.members.isEmpty
    // Pods of the Go library say nothing of what they have received. Where there are no others, sent is all it can be.
    let isAnyGoPod = await transport.linkedPeers.contains { $0.isGoPod }
    await close()
    if let error = problems.store(.broadcastFailed) {
      throw Failure(.unconfirmed, "written, but not sent: \(error.message)")
    }
    if let error = problems.store(.unconfirmed) {
      throw Failure(.unconfirmed, "written and sent, but \(error.message)")
    }
    guard isAnybodyThere || isAnyGoPod else {
      throw Failure(.unconfirmed, "written, but every other pod is gone, and nobody has confirmed it")
    }
  }
}

extension Diagnosis {
  fileprivate init(_ options: FleetOptions, _ problems: Problems, linked: [P2PPeer]) {
    self.init(
      topic: options.mesh.topic, peers: options.peers, errors: problems.mesh, linked: linked,
      usesTLS: options.mesh.tls.configuration != nil)
  }
}

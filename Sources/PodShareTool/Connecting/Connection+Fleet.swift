import PodShare
import PodShareP2P

extension Connection {
  /// Joins a fleet that is running, as a pod that nobody dials, and has what the others have when this returns.
  ///
  /// - Parameter mustExist: Whether it is a failure if there is no fleet. Over the mesh it always is.
  static func open(_ options: FleetOptions, mustExist: Bool = true) async throws(Failure) -> Connection {
    if let server = options.network.redis { return try await open(options, at: server, mustExist: mustExist) }
    let problems = Problems(isTelling: false)
    let peers = options.peers
    let transport = try await makeTransport(
      options.network, peers: peers, listening: nil, patience: options.patience, problems: problems)
    let joining = Task {
      try await join(options.network, over: .mesh(transport), patience: options.patience, problems: problems)
    }
    let givingUp = Task {
      let diagnosis = await waitUntilHopeless(options, transport, problems)
      guard !Task.isCancelled else { return nil as Diagnosis? }
      joining.cancel()
      // Ends what joining waits for.
      try? await transport.close()
      return diagnosis
    }
    let result = await joining.result
    givingUp.cancel()
    let hopeless = await givingUp.value
    // Asked for before the transport is closed, when there are none any more.
    let diagnosis = await Diagnosis(options, transport, problems)
    if case .success(let connection) = result {
      if connection.store.isCaughtUp, hopeless == nil { return connection }
      await connection.close()
    }
    try? await transport.close()
    if case .failure(let failure as Failure) = result, hopeless == nil { throw failure }
    let reason = hopeless ?? diagnosis
    // What is hopeless was not waited for that long.
    throw reason.failure(after: reason.isHopeless ? nil : options.timeoutText)
  }

  /// Returns when nobody can be reached within the time there is, or will not want this pod however long it waits. As
  /// long as others are linked it is theirs to answer.
  private static func waitUntilHopeless(
    _ options: FleetOptions, _ transport: P2PTransport, _ problems: Problems
  ) async -> Diagnosis? {
    let clock = ContinuousClock()
    let start = clock.now
    while !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(50))
      let diagnosis = await Diagnosis(options, transport, problems)
      let waited = clock.now - start
      if diagnosis.linked.isEmpty, waited >= options.patience { return diagnosis }
      // Not all peers may have answered before.
      if diagnosis.isHopeless, waited >= .milliseconds(1_500) { return diagnosis }
    }
    return nil
  }

  /// Whether a pod of the Go library is linked. What has not said a word is not counted as one.
  var isAnyGoPodThere: Bool {
    get async {
      guard case .mesh(let transport) = network else { return false }
      return await transport.peersThatSpoke.contains { $0.isGoPod }
    }
  }

  /// Leaves the fleet when some other pod has what was written here.
  ///
  /// - Parameter needsSomebody: Whether it is a failure if there is no other pod.
  func closeConfirmed(needsSomebody: Bool = true) async throws(Failure) {
    let isAnybodyThere = !store.members.isEmpty
    // Pods of the Go library say nothing of what they have received. Where there are no others, sent is all it can be.
    let isAnyGoPod = await isAnyGoPodThere
    // Closing has kept what could not be kept before, or says so.
    problems.forgetStore(.transport)
    await close()
    if let error = problems.store(.broadcastFailed) {
      throw Failure(.unconfirmed, "written, but not sent: \(error.message)")
    }
    if let error = problems.store(.unconfirmed) {
      throw Failure(.unconfirmed, "written and sent, but \(error.message)")
    }
    if let error = problems.store(.transport), network.keepsEntries {
      throw Failure(.unconfirmed, "written, but perhaps not kept: \(error)")
    }
    guard isAnybodyThere || isAnyGoPod || network.keepsEntries || !needsSomebody else {
      throw Failure(.unconfirmed, "written, but no other pod is there, and nobody has confirmed it")
    }
  }
}

extension Diagnosis {
  fileprivate init(_ options: FleetOptions, _ transport: P2PTransport, _ problems: Problems) async {
    let linked = await transport.peersThatSpoke
    let silent = await transport.linkedPeers.filter { !linked.contains($0) }
    self.init(
      topic: options.network.topic, peers: options.peers, errors: problems.mesh, linked: linked,
      silent: silent, usesTLS: options.network.tls.configuration != nil)
  }
}

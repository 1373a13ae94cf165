import PodShareP2P

/// Says why a pod that only dials could not join, from what its mesh reported.
struct Diagnosis {
  let topic: String
  let peers: [PeerAddress]
  /// What went wrong, in the order in which it did.
  let errors: [P2PError]
  /// The pods that were linked with in the end.
  let linked: [P2PPeer]
  /// Those that were connected with, and had said nothing.
  var silent: [P2PPeer] = []
  let usesTLS: Bool

  /// Whether waiting any longer helps nobody: pods answered, and do not want this one.
  var isHopeless: Bool {
    linked.isEmpty && errors.contains { $0.code.isDecisive }
      && errors.allSatisfy { $0.code.isDecisive || $0.code.followsFromDecisive }
  }

  /// - Parameter time: How long the fleet was waited for, if that was for some time only.
  func failure(after time: String? = nil) -> Failure {
    let within = time.map { " within \($0)" } ?? ""
    if !linked.isEmpty {
      let names = linked.map(\.description).joined(separator: ", ")
      return Failure(
        .notCaughtUp,
        """
        linked with \(names), but nobody there answered\(within) for topic \(topic.debugDescription). \
        Is that its name?
        """)
    }
    if let failure = failure(.tlsFailed, "TLS failed", where: { $0.code == .tlsFailed }) { return failure }
    let makesNoSense = { (error: P2PError) in
      error.code == .protocolViolation && error.cause != .otherProtocol
    }
    if !usesTLS,
      let failure = failure(.tlsFailed, "a peer answers what makes no sense", where: makesNoSense)
    {
      return Failure(
        .tlsFailed, "\(failure.message). Does the fleet use TLS? Then --tls-ca is missing.")
    }
    if let failure = failure(
      .refused, "the peers refuse this pod", where: { [.otherCluster, .refused].contains($0.code) })
    {
      return failure
    }
    let addresses = peers.map(\.description).joined(separator: ", ")
    var reasons = reasons { _ in true }
    reasons += silent.map { "\($0.remoteAddress): it accepts the connection, and says nothing" }
    return Failure(
      .unreachable,
      "no peer could be reached\(within): "
        + (reasons.isEmpty ? addresses : reasons.joined(separator: "; ")))
  }

  private func failure(
    _ status: ExitStatus, _ what: String, where isMeant: (P2PError) -> Bool
  ) -> Failure? {
    let reasons = reasons(where: isMeant)
    return reasons.isEmpty ? nil : Failure(status, "\(what): \(reasons.joined(separator: "; "))")
  }

  /// The last word of each peer.
  private func reasons(where isMeant: (P2PError) -> Bool) -> [String] {
    var peers: [String] = []
    var messages: [String: String] = [:]
    for error in errors where isMeant(error) {
      let peer = error.peer ?? ""
      let message = error.cause?.remedy.map { "\(error.message): \($0)" } ?? error.message
      if messages.updateValue(message, forKey: peer) == nil { peers.append(peer) }
    }
    return peers.map { $0.isEmpty ? messages[$0]! : "\($0): \(messages[$0]!)" }
  }
}

extension P2PError.Cause {
  /// What whoever called the tool may have to change.
  fileprivate var remedy: String? {
    switch self {
    case .untrustedCertificate: "see --tls-ca"
    case .certificateWanted: "see --tls-cert and --tls-key"
    case .speaksTLS: "--tls-ca is missing"
    case .otherProtocol: nil
    }
  }
}

extension P2PError.Code {
  /// It will be the same at the next try.
  fileprivate var isDecisive: Bool {
    self == .otherCluster || self == .refused || self == .tlsFailed || self == .protocolViolation
  }

  /// What a refusal looks like from its other side, when the connection is gone before its reason was read.
  fileprivate var followsFromDecisive: Bool {
    self == .handshakeFailed || self == .disconnected
  }
}

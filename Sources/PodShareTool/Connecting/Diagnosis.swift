import PodShareP2P

/// Says why a pod that only dials could not join, from what its mesh reported.
struct Diagnosis {
  let topic: String
  let peers: [PeerAddress]
  /// What went wrong, in the order in which it did.
  let errors: [P2PError]
  /// The pods that were linked with in the end.
  let linked: [P2PPeer]
  let usesTLS: Bool

  /// Whether waiting any longer helps nobody: pods answered, and do not want this one.
  var isHopeless: Bool {
    linked.isEmpty && errors.contains { $0.code.isDecisive }
      && errors.allSatisfy { $0.code.isDecisive || $0.code.followsFromDecisive }
  }

  func failure(after time: String) -> Failure {
    if !linked.isEmpty {
      let names = linked.map(\.description).joined(separator: ", ")
      return Failure(
        .notCaughtUp,
        """
        linked with \(names), but nobody there answered within \(time) for topic \(topic.debugDescription). \
        Is that its name?
        """)
    }
    if let failure = failure(.tlsFailed, "TLS failed", among: [.tlsFailed]) {
      let isSpokenThereAlone = !usesTLS && errors.contains { $0.message.contains("it speaks TLS") }
      return isSpokenThereAlone ? Failure(.tlsFailed, "\(failure.message): --tls-ca is missing") : failure
    }
    if !usesTLS, errors.contains(where: { $0.code == .protocolViolation }) {
      let failure = failure(.tlsFailed, "a peer answers what makes no sense", among: [.protocolViolation])
      return Failure(
        .tlsFailed, "\(failure?.message ?? ""). Does the fleet use TLS? Then --tls-ca is missing.")
    }
    if let failure = failure(.refused, "the peers refuse this pod", among: [.otherCluster, .refused]) {
      return failure
    }
    let addresses = peers.map(\.description).joined(separator: ", ")
    let reasons = self.reasons(among: nil)
    return Failure(
      .unreachable,
      "no peer could be reached within \(time): " + (reasons.isEmpty ? addresses : reasons))
  }

  private func failure(_ status: ExitStatus, _ what: String, among codes: Set<P2PError.Code>) -> Failure? {
    let reasons = reasons(among: codes)
    return reasons.isEmpty ? nil : Failure(status, "\(what): \(reasons)")
  }

  /// The last word of each peer.
  private func reasons(among codes: Set<P2PError.Code>?) -> String {
    var peers: [String] = []
    var messages: [String: String] = [:]
    for error in errors where codes?.contains(error.code) ?? true {
      let peer = error.peer ?? ""
      let message = error.code == .tlsFailed ? TLSReason.words(error.message) : error.message
      if messages.updateValue(message, forKey: peer) == nil { peers.append(peer) }
    }
    return peers.map { $0.isEmpty ? messages[$0]! : "\($0): \(messages[$0]!)" }.joined(separator: "; ")
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

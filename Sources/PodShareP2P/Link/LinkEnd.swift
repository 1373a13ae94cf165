import PodShare

/// Why a link ended, or never began.
enum LinkEnd: Error, Equatable {
  /// The other side closed it without a word.
  case closed
  /// The pod that this one dialled closed it before it had introduced itself.
  case closedEarly
  case failed(String)
  /// The certificates do not suffice, or one side alone speaks TLS.
  case tlsFailed(String, P2PError.Cause?)
  case badFrame(String)
  /// What is at the other side is no pod.
  case otherProtocol(String)
  case noHandshake
  /// A frame began and did not come to its end, or a message in parts did not grow.
  case slowFrame
  case silence(Duration)
  case otherVersion(UInt8, UInt8)
  case otherCluster(String)
  case reachedItself
  case refusedByPeer(String)
  /// This pod, or the other, does not want to be linked any more.
  case farewell(byPeer: Bool)
  /// The other side was removed from the peers and came back by itself.
  case removed
  /// It never said a word, and another connection needs its place.
  case madeRoom
  /// The other side went away before TLS was set up: it may be starting anew.
  case goneInHandshake(String)
  /// There is another link to the same pod.
  case redundant

  /// What the other side is told, if this is its doing and it would not know.
  var textForPeer: String? {
    switch self {
    case .badFrame(let what), .otherProtocol(let what): "not understood: \(what)"
    case .noHandshake: "no greeting came in time"
    case .slowFrame: "a frame, or a message in parts, took too long"
    case .madeRoom: "too many connections say nothing"
    case .otherVersion(let oldest, let newest):
      "this pod speaks version \(Hello.version) of the mesh protocol, not \(oldest) to \(newest)"
    case .otherCluster: "this pod belongs to another cluster"
    case .removed: "this pod has removed the other from its peers"
    case .closed, .closedEarly, .failed, .tlsFailed, .goneInHandshake, .silence, .reachedItself,
      .refusedByPeer, .farewell, .redundant:
      nil
    }
  }
}

extension LinkEnd {
  init(_ error: FrameError) {
    switch error.otherProtocol {
    case .tls: self = .tlsFailed(error.description, .speaksTLS)
    case .http, .ssh: self = .otherProtocol(error.description)
    case nil: self = .badFrame(error.description)
    }
  }
}

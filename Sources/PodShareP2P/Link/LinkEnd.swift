import PodShare

/// Why a link ended, or never began.
enum LinkEnd: Error, Equatable {
  /// The other side closed it without a word.
  case closed
  /// The pod that this one dialled closed it before it had introduced itself.
  case closedEarly
  case failed(String)
  /// The certificates do not suffice, or the other side does not speak TLS.
  case tlsFailed(String)
  case badFrame(String)
  case noHandshake
  /// A frame began and did not come to its end.
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
  /// There is another link to the same pod.
  case redundant

  /// What the other side is told, if this is its doing and it would not know.
  var textForPeer: String? {
    switch self {
    case .badFrame(let what): "not understood: \(what)"
    case .noHandshake: "no greeting came in time"
    case .slowFrame: "a frame took too long"
    case .otherVersion(let oldest, let newest):
      "this pod speaks version \(Hello.version) of the mesh protocol, not \(oldest) to \(newest)"
    case .otherCluster: "this pod belongs to another cluster"
    case .removed: "this pod has removed the other from its peers"
    case .closed, .closedEarly, .failed, .tlsFailed, .silence, .reachedItself, .refusedByPeer, .farewell,
      .redundant:
      nil
    }
  }
}

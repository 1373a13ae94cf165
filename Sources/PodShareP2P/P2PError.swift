import PodShare

/// What went wrong on a mesh.
public struct P2PError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of failure this is. More may come.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    private let name: String

    /// A setting that makes no sense.
    public static let invalidConfiguration = Code(name: "invalidConfiguration")
    /// The address to listen on cannot be had.
    public static let listenFailed = Code(name: "listenFailed")
    /// A peer cannot be reached. It is dialled again.
    public static let dialFailed = Code(name: "dialFailed")
    /// The other side does not introduce itself, or speaks another version.
    public static let handshakeFailed = Code(name: "handshakeFailed")
    /// A pod of another cluster.
    public static let otherCluster = Code(name: "otherCluster")
    /// The other side refuses this pod, for the reason that it gives.
    public static let refused = Code(name: "refused")
    /// No, a wrong, an expired or a foreign certificate, on either side, or no TLS at all.
    public static let tlsFailed = Code(name: "tlsFailed")
    /// The files with certificates or keys cannot be used. What was read before remains in force.
    public static let unusableCertificates = Code(name: "unusableCertificates")
    /// The other side sends what is no frame, or not in its place.
    public static let protocolViolation = Code(name: "protocolViolation")
    /// A peer said nothing for three keep-alive intervals, or did not finish what it had begun to say.
    public static let silentPeer = Code(name: "silentPeer")
    /// A connection broke.
    public static let disconnected = Code(name: "disconnected")
    /// A peer does not read as fast as is written. What did not fit into its queue is lost for it, and healed later.
    public static let slowPeer = Code(name: "slowPeer")
    /// More connections came in than are allowed.
    public static let tooManyLinks = Code(name: "tooManyLinks")
    /// The names or addresses of the peers could not be looked up. Those known before remain.
    public static let discoveryFailed = Code(name: "discoveryFailed")
    /// The transport was closed.
    public static let closed = Code(name: "closed")
    /// The operation was cancelled.
    public static let cancelled = Code(name: "cancelled")

    public var description: String { name }
  }

  public let code: Code
  /// What happened, for people.
  public let message: String
  /// Whom it is about: a node ID or an address. Nil if it is about nobody.
  public let peer: String?
  /// What is known of the reason besides, for those who can say what to do about it.
  package let cause: Cause?

  package enum Cause: Sendable, Hashable {
    /// The other side's certificate is not trusted.
    case untrustedCertificate
    /// The other side wants a certificate, and this pod has none.
    case certificateWanted
    /// The other side speaks TLS, and this pod does not.
    case speaksTLS
    /// The other side speaks something that has nothing to do with pods.
    case otherProtocol
  }

  public init(_ code: Code, _ message: String, peer: String? = nil) {
    self.init(code, message, peer: peer, cause: nil)
  }

  package init(_ code: Code, _ message: String, peer: String?, cause: Cause?) {
    self.code = code
    self.message = message
    self.peer = peer
    self.cause = cause
  }

  public var description: String {
    peer.map { "\(code), peer \($0): \(message)" } ?? "\(code): \(message)"
  }

  var asTransportError: TransportError {
    switch code {
    case .closed: TransportError(.closed, message)
    case .cancelled: TransportError(.cancelled, message)
    default: TransportError(.failed, description)
    }
  }
}

extension P2PError {
  /// What to report about a link that ended; nil if nothing is wrong.
  init?(_ end: LinkEnd, peer: String, ownCluster: String) {
    switch end {
    case .closed, .reachedItself, .farewell, .redundant: return nil
    case .closedEarly:
      self.init(.handshakeFailed, "it closed the connection before it had introduced itself", peer: peer)
    case .tlsFailed(let what, let cause): self.init(.tlsFailed, what, peer: peer, cause: cause)
    case .goneInHandshake(let what): self.init(.handshakeFailed, what, peer: peer)
    case .failed(let what): self.init(.disconnected, what, peer: peer)
    case .badFrame(let what): self.init(.protocolViolation, what, peer: peer)
    case .otherProtocol(let what):
      self.init(.protocolViolation, what, peer: peer, cause: .otherProtocol)
    case .noHandshake: self.init(.handshakeFailed, "it did not introduce itself in time", peer: peer)
    case .slowFrame:
      self.init(.silentPeer, "it did not finish a frame, or go on with a message, in time", peer: peer)
    case .madeRoom:
      self.init(
        .tooManyLinks, "too many connections say nothing; the oldest of them was closed", peer: peer)
    case .silence(let time): self.init(.silentPeer, "nothing was heard of it for \(time)", peer: peer)
    case .otherVersion(let oldest, let newest):
      self.init(
        .handshakeFailed,
        "it speaks version \(oldest) to \(newest) of the mesh protocol, this pod version \(Hello.version)",
        peer: peer)
    case .otherCluster(let name):
      self.init(
        .otherCluster,
        "it belongs to cluster \(name.debugDescription), this pod to \(ownCluster.debugDescription)",
        peer: peer)
    case .refusedByPeer(let reason):
      self.init(.refused, "it refuses this pod: \(reason)", peer: peer)
    case .removed: self.init(.refused, "it was removed from the peers, and came back by itself", peer: peer)
    }
  }
}

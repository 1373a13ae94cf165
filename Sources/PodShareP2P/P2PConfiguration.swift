public import Logging
public import NIOCore
import PodShare

/// How a ``P2PTransport`` behaves. Every setting has a default that serves most.
public struct P2PConfiguration: Sendable {
  /// Where to listen for other pods. `0.0.0.0` or `::` stand for all of the machine's addresses, port 0 for any free
  /// port. Nil listens nowhere: such a pod only dials. Default `127.0.0.1:0`, which nobody on another machine reaches.
  public var listenAddress: PeerAddress? = "127.0.0.1:0"

  /// The pods to dial at first. This pod's own address may be among them. More can be added and removed at any time.
  public var peers: [PeerAddress]

  /// Only pods with the same cluster name are linked. At most 255 bytes. Default "", which is a name like any other. It
  /// keeps fleets apart that should not meet; it keeps nobody out who means to come in: that is what ``tls`` is for.
  public var cluster = ""

  /// What this pod is called in the errors and callbacks of other pods, 1 to 255 bytes without control characters. Nil,
  /// the default, draws one at random. Stores have node IDs of their own; it helps if they are the same.
  public var nodeID: String?

  /// Encryption, and who may be linked. Nil, the default, is plaintext: anybody who reaches the port reads and writes
  /// everything.
  public var tls: P2PTLS?

  /// How long reaching a peer may take, its name's look-up included. Default 1 s.
  public var dialTimeout: Duration = .seconds(1)

  /// How long to wait before a peer is dialled again: at first this long, then twice as long after each failure, each
  /// time less up to a half, at random. Default 50 ms.
  public var reconnectInterval: Duration = .milliseconds(50)

  /// The longest wait before a peer is dialled again. Default 1 s. Pods that were cut off from each other meet again
  /// after that much at the latest, and ``dialTimeout``.
  public var maxReconnectInterval: Duration = .seconds(1)

  /// How often this pod lets its peers know that it is there. A peer that has said nothing for three intervals is taken
  /// for gone, and its link is closed. Default 1 s, from 10 ms to 1 h.
  public var keepAlive: Duration = .seconds(1)

  /// How long the other side of a new connection may take to introduce itself. Default 2 s.
  public var handshakeTimeout: Duration = .seconds(2)

  /// How long one frame may take to arrive whole, and how long a large message, which comes in many, may stay without
  /// another part of it. Default 30 s.
  public var frameTimeout: Duration = .seconds(30)

  /// How long a Go pod may take to answer when it is asked for its state. Default 2 s.
  public var snapshotTimeout: Duration = .seconds(2)

  /// The most bytes that may wait to be sent to one peer. What does not fit is lost for that peer, which is told, and
  /// the stores make it good. Default 64 MiB. An empty queue takes any message.
  public var maxQueuedBytes = 64 * 1_024 * 1_024

  /// The most messages that may wait to be sent to one peer. Default 1,048,576.
  public var maxQueuedMessages = 1_048_576

  /// The most connections that others may have made to this pod at any time. Default 1,024. One more takes the place of
  /// the oldest that has not said a word yet; if all have, it is closed at once.
  public var maxInboundLinks = 1_024

  /// The most bytes that one frame from a pod of the Go library may have. Default and most: 64 MiB.
  public var maxFrameBytes = 64 * 1_024 * 1_024

  /// Whether a peer that does not introduce itself is taken for a pod of the Go library, and told of what is written in
  /// wire version 1. Default true. It says no cluster name, so set this to false where fleets could meet.
  ///
  /// A Go pod says nothing before it writes or joins a topic, and so can anybody who means to take up room. Of such
  /// links that came in and on which nothing was ever said, a quarter of ``maxInboundLinks`` are kept; for one more the
  /// oldest is closed, and a Go pod dials again. Set this to false if there are none, and whoever does not greet is
  /// closed after ``handshakeTimeout``.
  public var acceptsGoPods = true

  /// Whose event loop to run on: one of the group's serves this transport. Nil, the default, makes a thread of its own.
  public var eventLoopGroup: (any EventLoopGroup)?

  /// Told of errors that nobody is waiting for: a peer that cannot be reached, that is refused, that went silent. Called
  /// on the transport's event loop, so it must not take long. The same error about the same peer is reported once in ten
  /// seconds at most.
  public var onError: (@Sendable (P2PError) -> Void)?

  /// Told when another pod is linked with this one: messages go both ways from now on. Called on the transport's event
  /// loop, so it must not take long; start a task for what does. Publishing, and starting a refresh, are fine.
  public var onConnect: (@Sendable (P2PPeer) -> Void)?

  /// Told when the last link with another pod is gone. As ``onConnect``.
  public var onDisconnect: (@Sendable (P2PPeer) -> Void)?

  /// Where errors, and who comes and goes, are logged. Nil, the default, logs nothing.
  public var logger: Logger?

  /// Makes a configuration, with all else at its default.
  public init(listenAddress: PeerAddress? = "127.0.0.1:0", peers: [PeerAddress] = []) {
    self.listenAddress = listenAddress
    self.peers = peers
  }

  func validate() throws(P2PError) {
    let durations: [(String, Duration)] = [
      ("dialTimeout", dialTimeout), ("reconnectInterval", reconnectInterval),
      ("maxReconnectInterval", maxReconnectInterval), ("keepAlive", keepAlive),
      ("handshakeTimeout", handshakeTimeout), ("frameTimeout", frameTimeout),
      ("snapshotTimeout", snapshotTimeout),
    ]
    for (name, duration) in durations where !(Duration.milliseconds(1)...Self.longest ~= duration) {
      throw P2PError(
        .invalidConfiguration, "\(name) must be from one millisecond to 24 hours, unlike \(duration)")
    }
    guard Duration.milliseconds(10)...Duration.seconds(3_600) ~= keepAlive else {
      throw P2PError(.invalidConfiguration, "keepAlive must be from 10 ms to 1 h, unlike \(keepAlive)")
    }
    let counts: [(String, Int)] = [
      ("maxQueuedBytes", maxQueuedBytes), ("maxQueuedMessages", maxQueuedMessages),
      ("maxInboundLinks", maxInboundLinks),
    ]
    for (name, count) in counts where count < 1 {
      throw P2PError(.invalidConfiguration, "\(name) must be at least 1, not \(count)")
    }
    guard 1...FrameLimits.messageBytes ~= maxFrameBytes else {
      throw P2PError(
        .invalidConfiguration,
        "maxFrameBytes must be from 1 to \(FrameLimits.messageBytes), not \(maxFrameBytes)")
    }
    guard cluster.utf8.count <= Hello.maxClusterBytes else {
      throw P2PError(.invalidConfiguration, "a cluster's name has at most \(Hello.maxClusterBytes) bytes")
    }
    if let nodeID, !Names.isValidNodeID(nodeID) {
      throw P2PError(
        .invalidConfiguration,
        "a node ID has 1 to 255 bytes and no control characters, unlike \(nodeID.debugDescription)")
    }
    if let tls { try validate(tls) }
    for peer in peers where peer.port == 0 {
      throw P2PError(.invalidConfiguration, "a peer's address has a port, unlike \(peer)")
    }
  }

  private func validate(_ tls: P2PTLS) throws(P2PError) {
    guard (tls.certificateFile == nil) == (tls.keyFile == nil) else {
      throw P2PError(
        .invalidConfiguration, "a certificate and its key belong together; one of them is missing")
    }
    guard listenAddress == nil || tls.certificateFile != nil else {
      throw P2PError(
        .invalidConfiguration,
        "a pod that listens needs a certificate and its key; one that only dials need not")
    }
  }

  private static var longest: Duration { .seconds(24 * 60 * 60) }

  func linkRules(of identity: PodIdentity) -> LinkState.Rules {
    LinkState.Rules(
      identity: identity, cluster: cluster, keepAlive: keepAlive, handshakeTimeout: handshakeTimeout,
      frameTimeout: frameTimeout, acceptsGoPods: acceptsGoPods, maxFrameBytes: maxFrameBytes)
  }

  /// The most links that came in and on which nothing was ever said, past the time for a greeting.
  var maxSilentLinks: Int { max(maxInboundLinks / 4, 1) }

  var queueLimits: LinkQueue.Limits { LinkQueue.Limits(bytes: maxQueuedBytes, messages: maxQueuedMessages) }
}

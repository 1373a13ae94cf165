public import NIOCore

/// Carries messages between the pods that share a topic.
///
/// A transport delivers to every subscription of a topic what anybody publishes to it, its own pod's messages
/// included or not, as suits it. It may double and reorder messages. What it cannot take it refuses; what it may have
/// lost it announces by `interrupted` and `resumed`; the stores make good both. It must not damage messages.
public protocol Transport: Sendable {
  /// Hands a message over. Never blocks and never waits for a slow peer: what does not fit into the transport's
  /// bounded queue is refused, and the store sends it again later.
  func publish(_ message: ByteBuffer, to topic: String) -> PublishOutcome

  /// Waits until everything accepted so far has left this process.
  func drain() async throws(TransportError)

  /// Has every message published to `topic` from now on passed to `onEvent`, on a thread of the transport's.
  ///
  /// Several subscriptions to one topic each get every message. A subscription ends when it is cancelled or dropped,
  /// and the topic can be subscribed to again; then the transport lets go of `onEvent`, which holds the whole store. When
  /// this returns, the subscription is in force.
  func subscribe(
    to topic: String, onEvent: @escaping @Sendable (TransportEvent) -> Void
  ) async throws(TransportError) -> TransportSubscription

  /// How many subscriptions there are that a message published to `topic` would reach now, this process's included, as far
  /// as the transport can tell; nil if it cannot, which is the default.
  ///
  /// A store that joins asks for it, so as not to call itself caught up before all others have said how far they are. If
  /// nobody can tell it gives them a while. It waits for one second at most for some that are counted and do not answer, and
  /// does not hear of those that are not counted, so the number may be wrong, but should not be when nothing happens.
  func subscriberCount(of topic: String) async -> Int?

  /// Ends all subscriptions and connections. The stores that use the transport should be closed before.
  func close() async throws(TransportError)
}

extension Transport {
  public func subscriberCount(of topic: String) async -> Int? { nil }
}

/// A transport that can keep the whole state of a topic for pods that join when nobody else is there.
public protocol SnapshotTransport: Transport {
  /// Keeps `snapshot` as the state of `topic`, in place of the one that was fetched, which had this revision; nil if there
  /// was none.
  ///
  /// - Returns: Whether it was kept. If by then another stands there than was fetched, it must not be: the store fetches that
  ///   one, merges it and tries again. A transport that cannot tell keeps it and says true; then of two pods that save at the
  ///   same time one may undo what the other has saved, until it notices.
  func saveSnapshot(
    _ snapshot: ByteBuffer, of topic: String, replacing revision: ByteBuffer?
  ) async throws(TransportError) -> Bool

  /// The state of `topic` as kept last; nil if there is none.
  func fetchSnapshot(of topic: String) async throws(TransportError) -> KeptSnapshot?
}

/// The whole state of a topic, as a ``SnapshotTransport`` keeps it.
public struct KeptSnapshot: Sendable, Hashable {
  public var bytes: ByteBuffer
  /// What tells it from those kept before and after: a number, a hash, whatever the transport goes by.
  public var revision: ByteBuffer

  public init(_ bytes: ByteBuffer, revision: ByteBuffer = ByteBuffer()) {
    self.bytes = bytes
    self.revision = revision
  }
}

/// A transport that reaches pods which do not heal but ask for the whole state instead: those of the Go library on a mesh.
public protocol StateExchangeTransport: Transport {
  /// Has `state` called whenever such a pod asks for the state of `topic`, until the subscription ends. It may take a
  /// while, and answers with a snapshot that the pod can read, or nil if there is none.
  func serveState(of topic: String, _ state: @escaping @Sendable () async -> ByteBuffer?)
    -> TransportSubscription

  /// Asks all such pods for the state of `topic`. Returns the snapshots of those that answer in time.
  func fetchStates(of topic: String) async -> [ByteBuffer]
}

/// What became of a published message.
public enum PublishOutcome: Sendable, Hashable {
  /// It is on its way.
  case accepted
  /// The transport's queue is full; the message was not taken.
  case queueFull
  /// There is no connection; the message was not taken.
  case disconnected
}

/// What a subscription is told.
public enum TransportEvent: Sendable {
  /// A message published to the topic.
  case message(ByteBuffer)
  /// The connection is gone; from here on messages may be missing.
  case interrupted
  /// The connection is back; the store catches up on what it missed.
  case resumed
}

/// A subscription in force. It ends when it is cancelled or when the last reference to it goes.
public final class TransportSubscription: Sendable {
  private let onCancel: @Sendable () -> Void

  /// Makes a subscription that calls `onCancel`, possibly more than once, when it ends.
  public init(onCancel: @escaping @Sendable () -> Void) {
    self.onCancel = onCancel
  }

  /// Ends the subscription. Calling it again does nothing.
  public func cancel() {
    onCancel()
  }

  deinit {
    onCancel()
  }
}

/// Why a transport could not do what it was asked to.
public struct TransportError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure this is. More may come.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    private let name: String

    /// The transport was closed.
    public static let closed = Code(name: "closed")
    /// There is no connection.
    public static let disconnected = Code(name: "disconnected")
    /// The operation was cancelled.
    public static let cancelled = Code(name: "cancelled")
    /// Whatever else went wrong, as the text says.
    public static let failed = Code(name: "failed")

    public var description: String { name }
  }

  public let code: Code
  /// What happened, for people.
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { "transport \(code): \(message)" }
}

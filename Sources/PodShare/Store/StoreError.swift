/// What went wrong, with the key or the pod that it is about.
///
/// Thrown by a store's methods, and passed to ``StoreConfiguration/onError`` when nobody is waiting for the outcome.
/// Compare the ``code``; codes are added as the library grows.
public struct StoreError: Error, Sendable {
  /// The kind of error.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    private let name: String

    private init(_ name: String) {
      self.name = name
    }

    // Thrown.

    /// The store was closed; nothing was written.
    public static let closed = Code("closed")
    /// The task was cancelled while it waited.
    public static let cancelled = Code("cancelled")
    /// `flush` or `close` could not hand everything to the transport. The local writes stand, and are sent later.
    public static let broadcastFailed = Code("broadcastFailed")
    /// The codec could not encode the value; nothing was written.
    public static let encodingFailed = Code("encodingFailed")
    /// The value's bytes, or a batch's, are more than allowed; nothing was written.
    public static let valueTooLarge = Code("valueTooLarge")
    /// The key is longer than 65,535 bytes; nothing was written.
    public static let invalidKey = Code("invalidKey")
    /// The topic is empty, longer than 1,024 bytes, or has control characters.
    public static let invalidTopic = Code("invalidTopic")
    /// The node ID is empty, longer than 255 bytes, or has control characters.
    public static let invalidNodeID = Code("invalidNodeID")
    /// A setting makes no sense, such as a negative interval.
    public static let invalidConfiguration = Code("invalidConfiguration")
    /// `seed` was called on a store that holds entries or tombstones already; nothing was changed.
    public static let seedOnNonEmptyStore = Code("seedOnNonEmptyStore")
    /// The stamp that a write needs lies outside the years 1970 to 2199; nothing was written.
    public static let timestampOutOfRange = Code("timestampOutOfRange")
    /// A watcher did not keep up and its buffer overflowed. Watch again, from the present state.
    public static let fellBehind = Code("fellBehind")
    /// The transport failed to subscribe, drain or keep a snapshot.
    public static let transport = Code("transport")

    // Reported.

    /// Bytes that are no message, or that this build does not speak. Nothing was changed.
    public static let invalidMessage = Code("invalidMessage")
    /// The snapshot that a transport keeps, or one entry of it, could not be read. The join went on without it, and the
    /// next save replaces it; but not one in a wire version that only later builds read: then saving fails with this
    /// error, and so does `flush`.
    public static let invalidSnapshot = Code("invalidSnapshot")
    /// What wire version 1 cannot carry was left out of what this store writes in it: an entry that has a lifetime, or,
    /// in a snapshot, all but one of a key's values of which some did not decode. Pods that speak version 2 get it all
    /// the same.
    public static let unrepresentable = Code("unrepresentable")
    /// A value did not decode. It is kept as it came and forwarded; reads show the last one that decoded.
    public static let undecodableValue = Code("undecodableValue")
    /// A message is stamped further ahead than `maxClockSkew`. It was applied.
    public static let clockSkew = Code("clockSkew")
    /// A write came in that is older than `tombstoneTTL`, for a key that is not here. It was applied; if the key was
    /// deleted in between, it is back.
    public static let lateWrite = Code("lateWrite")
    /// Another live pod has this pod's node ID. Reported by the pod that was there first when another joins under its
    /// name, and by either when it receives a write that its own predecessor cannot have made.
    public static let duplicateNodeID = Code("duplicateNodeID")
    /// The merge function is not a join: not commutative, not associative or not idempotent. It was found out by two values
    /// that met, or because two pods' values of a key were still different after each had joined them several times; then
    /// the key is left as it is on this pod until it is written. Pods may hold different values for good.
    public static let mergeNotAJoin = Code("mergeNotAJoin")
    /// This pod and another have sent each other a key's value several times and still hold different ones, though nothing
    /// is wrong with this pod's merge function: the other has none, or another, or is a build that cannot decode what this
    /// one can. All pods of a topic must use the same merge function.
    public static let stillDifferent = Code("stillDifferent")
    /// The store closed before any other pod had confirmed that it holds all that was written here.
    public static let unconfirmed = Code("unconfirmed")
    /// The transport did not take a message. The entries are sent again.
    public static let publishFailed = Code("publishFailed")
    /// A defect of the library. Please report it.
    public static let internalInconsistency = Code("internalInconsistency")

    public var description: String { name }
  }

  /// What kind of error this is.
  public let code: Code

  /// What happened, for people.
  public let message: String

  /// The key it is about, if it is about one.
  public let key: String?

  /// The node ID of the pod it is about, if it is about another pod.
  public let peer: String?

  /// The error that caused it, if there was one.
  public let cause: (any Error)?

  package init(
    _ code: Code, _ message: String, key: String? = nil, peer: String? = nil, cause: (any Error)? = nil
  ) {
    self.code = code
    self.message = message
    self.key = key
    self.peer = peer
    self.cause = cause
  }
}

extension StoreError: CustomStringConvertible {
  public var description: String {
    var text = "\(code): \(message)"
    if let key { text += ", key \(key.quoted)" }
    if let peer { text += ", pod \(peer.quoted)" }
    // A codec's may have the whole value in it.
    if let cause { text += " (\("\(cause)".shortened))" }
    return text
  }
}

extension StoreError {
  static var closed: StoreError {
    StoreError(.closed, "the store was closed")
  }

  static func cancelled(_ what: String) -> StoreError {
    StoreError(.cancelled, "\(what) was cancelled")
  }

  static func invalidKey(_ key: String) -> StoreError {
    StoreError(
      .invalidKey, "a key has at most \(WireLimits.keyBytes) bytes, this one \(key.utf8.count)", key: key)
  }

  static func valueTooLarge(key: String, size: Int, limit: Int) -> StoreError {
    StoreError(.valueTooLarge, "the value takes \(size) bytes, more than the \(limit) allowed", key: key)
  }

  static func batchTooLarge(size: Int) -> StoreError {
    StoreError(
      .valueTooLarge,
      "the batch takes \(size) bytes, more than the \(WireLimits.messageBytes) of one message; write it in parts"
    )
  }

  static func encodingFailed(key: String, _ cause: any Error) -> StoreError {
    StoreError(.encodingFailed, "the codec could not encode the value", key: key, cause: cause)
  }

  package static func seedOnNonEmptyStore(count: Int) -> StoreError {
    StoreError(
      .seedOnNonEmptyStore, "only an empty store can be seeded; this one holds \(count) entries or tombstones"
    )
  }

  package static func timestampOutOfRange(key: String, timestamp: Timestamp) -> StoreError {
    StoreError(.timestampOutOfRange, "the write would be stamped \(timestamp)", key: key)
  }

  package static func duplicateNodeID(_ nodeID: String) -> StoreError {
    StoreError(.duplicateNodeID, "another live pod has this pod's node ID; give each its own", peer: nodeID)
  }

  package static func mergeNotAJoin(key: String, peer: String) -> StoreError {
    StoreError(
      .mergeNotAJoin,
      "the merge function is not commutative, associative and idempotent on these two pods' values",
      key: key, peer: peer)
  }

  package static func stillDifferent(key: String, peer: String) -> StoreError {
    StoreError(
      .stillDifferent,
      "the other pod goes on holding another value: it has no merge function, or another, or cannot decode this one's",
      key: key, peer: peer)
  }

  static func unconfirmed(_ waited: Duration) -> StoreError {
    StoreError(
      .unconfirmed,
      "no other pod has confirmed within \(waited) that it holds everything that was written on this one")
  }

  package static func lateWrite(key: String, peer: String, age: Duration) -> StoreError {
    StoreError(
      .lateWrite, "a write came in \(age) after it was made; if its key was deleted since, it is back",
      key: key, peer: peer)
  }

  package static func clockSkew(peer: String, ahead: Duration) -> StoreError {
    StoreError(.clockSkew, "a message is stamped \(ahead) ahead of this machine's clock", peer: peer)
  }

  package static func internalInconsistency(_ what: String) -> StoreError {
    StoreError(.internalInconsistency, what)
  }

  static func invalidMessage(_ error: WireError) -> StoreError {
    StoreError(.invalidMessage, error.description, key: error.key, peer: error.origin)
  }

  static func invalidSnapshot(_ error: WireError) -> StoreError {
    StoreError(.invalidSnapshot, error.description, key: error.key, peer: error.origin)
  }

  static func snapshotOfLaterBuild(_ error: WireError) -> StoreError {
    StoreError(
      .invalidSnapshot, "the snapshot that the transport keeps is not replaced: \(error)", peer: error.origin)
  }

  static func unrepresentable(key: String, _ reason: WireVersion1.Unrepresentable) -> StoreError {
    StoreError(.unrepresentable, reason.description, key: key)
  }

  static func undecodable(key: String, reason: String, peer: String) -> StoreError {
    StoreError(.undecodableValue, "kept undecoded: \(reason)", key: key, peer: peer)
  }

  package static func tooManyUndecodable(key: String, dropped: OpaqueWrite) -> StoreError {
    StoreError(
      .undecodableValue, "too many values of this key cannot be decoded; the oldest is no longer kept",
      key: key,
      peer: dropped.version.origin)
  }

  static func transport(_ what: String, _ cause: any Error) -> StoreError {
    StoreError(.transport, what, cause: cause)
  }
}

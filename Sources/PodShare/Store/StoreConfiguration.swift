public import Logging

/// How a store behaves. Every setting has a default that serves most.
public struct StoreConfiguration<Value: Sendable>: Sendable {
  /// How values become bytes. For `Codable` values ``JSONCodec`` unless given.
  public var codec: any Codec<Value>

  /// This pod's name, 1 to 255 bytes without control characters, unlike that of any other pod alive. Nil, the
  /// default, draws one at random.
  public var nodeID: String?

  /// How two values of one key become one. Nil, the default, lets the later write win. All pods of a topic must have
  /// the same merge, or none.
  public var merge: Merge<Value>?

  /// How many events a watcher may be behind before it is cut off, unless the watch says otherwise. Default 1,024.
  public var watchBuffer = 1_024

  /// What this store writes; all formats are always read. Default ``WireFormat/v2``. ``WireFormat/v1`` is for topics
  /// that are shared with pods of the Go library podshare.
  public var wireFormat = WireFormat.newest

  /// How often this pod tells the others how far it is, so that what differs is healed; and how often what a transport
  /// refused is sent again. Default 1 s, at least 1 ms, best the same on all pods. A longer one costs less and heals later.
  public var syncInterval: Duration = .seconds(1)

  /// How long ``Store/join(_:over:configuration:)`` waits for other pods when nobody is there. As long as the state that
  /// another pod was asked for is coming in, it goes on waiting, and notices that no more comes after twice this time at
  /// the latest. Default 1 s.
  public var joinTimeout: Duration = .seconds(1)

  /// How long changes are gathered before an ``EntryTransport`` or a ``SnapshotTransport`` is given them to keep. Default
  /// 200 ms.
  public var snapshotInterval: Duration = .milliseconds(200)

  /// How often tombstones are looked through. Default 5 min.
  public var gcInterval: Duration = .seconds(300)

  /// How long a deleted key is protected against late writes older than the delete. The same on all pods of a topic.
  /// Default 24 h. With 0, a write that is overtaken by a delete brings the key back.
  public var tombstoneTTL: Duration = .seconds(24 * 60 * 60)

  /// How far ahead of this machine's clock another pod's stamps may be without being reported. They are applied
  /// either way, but only stamps within the limit move this pod's clock. 0 silences the report. Default 1 min.
  public var maxClockSkew: Duration = .seconds(60)

  /// The most bytes that one encoded value may take. Default 16 MiB, at most 32 MiB.
  public var maxValueBytes = 16 * 1_024 * 1_024

  /// Told of errors that nobody is waiting for. Called on whatever thread met the error, never under a lock; calling
  /// the store from it is fine, taking long is not. Errors of one kind from one pod are reported at most ten times in
  /// ten seconds; ``StoreStatistics/errors`` counts them all.
  public var onError: (@Sendable (StoreError) -> Void)?

  /// Where the same errors, and what else an operator should see, are logged. Nil, the default, logs nothing.
  public var logger: Logger?

  /// Where time comes from. Leave it alone outside tests.
  public var time = TimeSource.system

  /// Makes a configuration for values with a codec of their own.
  public init(codec: any Codec<Value>) {
    self.codec = codec
  }

  /// Makes a configuration with ``JSONCodec``.
  public init() where Value: Codable {
    self.init(codec: JSONCodec<Value>())
  }

  func validate() throws(StoreError) {
    let durations: [(String, Duration)] = [
      ("syncInterval", syncInterval), ("snapshotInterval", snapshotInterval), ("gcInterval", gcInterval),
    ]
    // Oftener than that, a pod would do little else.
    for (name, duration) in durations where duration < .milliseconds(1) {
      throw StoreError(.invalidConfiguration, "\(name) must be at least one millisecond, not \(duration)")
    }
    let nonNegative: [(String, Duration)] = [
      ("joinTimeout", joinTimeout), ("tombstoneTTL", tombstoneTTL), ("maxClockSkew", maxClockSkew),
    ]
    for (name, duration) in nonNegative where duration < .zero {
      throw StoreError(.invalidConfiguration, "\(name) must not be negative, but is \(duration)")
    }
    guard watchBuffer > 0 else {
      throw StoreError(.invalidConfiguration, "watchBuffer must be at least 1, not \(watchBuffer)")
    }
    guard 1...(WireLimits.messageBytes / 2) ~= maxValueBytes else {
      throw StoreError(
        .invalidConfiguration,
        "maxValueBytes must be from 1 to \(WireLimits.messageBytes / 2), not \(maxValueBytes)")
    }
    if let nodeID, !Names.isValidNodeID(nodeID) {
      throw StoreError(
        .invalidNodeID,
        "a node ID has 1 to 255 bytes and no control characters, unlike \(nodeID.debugDescription)")
    }
  }
}

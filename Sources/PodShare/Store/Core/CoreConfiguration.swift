import Logging

/// A store's configuration for whoever does not know the type of its values.
struct CoreConfiguration: Sendable {
  let codec: any ErasedCodec
  let merge: Merge<ErasedValue>?
  /// A value of a class is copied by way of its bytes, lest its owner changes it behind the store's back.
  let copiesValues: Bool
  let nodeID: String?
  let watchBuffer: Int
  let wireFormat: WireFormat
  let syncInterval: Duration
  let joinTimeout: Duration
  let snapshotInterval: Duration
  let gcInterval: Duration
  let tombstoneTTL: Duration
  let maxClockSkew: Duration
  let maxValueBytes: Int
  let onError: (@Sendable (StoreError) -> Void)?
  let logger: Logger?
  let time: TimeSource

  init<Value: Sendable>(_ configuration: StoreConfiguration<Value>, for type: ValueType) {
    codec = Self.erased(configuration.codec, as: type)
    merge = configuration.merge.map { Merge(erasing: $0, as: type) }
    copiesValues = Value.self is AnyObject.Type
    nodeID = configuration.nodeID
    watchBuffer = configuration.watchBuffer
    wireFormat = configuration.wireFormat
    syncInterval = configuration.syncInterval
    joinTimeout = configuration.joinTimeout
    snapshotInterval = configuration.snapshotInterval
    gcInterval = configuration.gcInterval
    tombstoneTTL = configuration.tombstoneTTL
    maxClockSkew = configuration.maxClockSkew
    maxValueBytes = configuration.maxValueBytes
    onError = configuration.onError
    logger = configuration.logger
    time = configuration.time
  }

  private static func erased(_ codec: some Codec, as type: ValueType) -> any ErasedCodec {
    CodecEraser(codec, as: type)
  }
}

/// One visible change of one key, as this pod's replica applied it.
public struct Event<Value: Sendable>: Sendable {
  /// What happened to the key.
  public let change: Change<Value>

  /// The key that changed.
  public let key: String

  /// The node ID of the pod whose write made the change; this pod's own for its own writes.
  public let origin: String

  /// When that pod made the write, by its clock.
  public let timestamp: Timestamp

  /// The version of the key's entry after the change. With a merge function this can be greater than that of the
  /// write which made the change.
  public let version: Version

  /// Makes an event, for tests of code that consumes events.
  public init(change: Change<Value>, key: String, origin: String, timestamp: Timestamp, version: Version) {
    self.change = change
    self.key = key
    self.origin = origin
    self.timestamp = timestamp
    self.version = version
  }
}

extension Event: Equatable where Value: Equatable {}

/// What happened to a key.
public enum Change<Value: Sendable>: Sendable {
  /// The key has this value now. With a merge function, the join of all that was written.
  case set(Value)
  /// The key is gone.
  case delete

  /// The new value, or nil if the key is gone.
  public var value: Value? {
    switch self {
    case .set(let value): value
    case .delete: nil
    }
  }
}

extension Change: Equatable where Value: Equatable {}

import PodShare

/// A change as the page hears of it.
struct FlagChange: Encodable, Sendable {
  var key: String
  /// The new value; absent when the flag was deleted.
  var value: Flag?
  var version: WriteVersion
  /// Nanoseconds from the write's timestamp, taken on the pod that wrote, to `arrival`. Both pods of this demo read
  /// the same machine's clock, so the difference means something.
  var latency: Int64

  /// - Parameter arrival: when the event was taken from the watch.
  init(_ event: Event<Flag>, arrival: Timestamp) {
    key = event.key
    value = event.change.value
    version = WriteVersion(event.version)
    latency = max(0, arrival.nanoseconds - event.timestamp.nanoseconds)
  }
}

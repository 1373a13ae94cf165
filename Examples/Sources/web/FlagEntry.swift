import Hummingbird
import PodShare

/// A flag as the HTTP API gives it: the key, the value, and which write it is.
struct FlagEntry: ResponseEncodable, Sendable {
  var key: String
  var value: Flag
  var version: WriteVersion

  init(key: String, value: Flag, version: Version) {
    self.key = key
    self.value = value
    self.version = WriteVersion(version)
  }
}

extension Pod {
  /// All flags, by key.
  var entries: [FlagEntry] {
    store.snapshot()
      .map { FlagEntry(key: $0.key, value: $0.value, version: $0.version) }
      .sorted { $0.key < $1.key }
  }
}

/// The version of a write as the HTTP API gives it.
struct WriteVersion: Encodable, Sendable {
  /// Nanoseconds since 1970, as text: too large a number for JavaScript.
  var timestamp: String
  var origin: String
  /// What `If-Match` takes.
  var tag: String

  init(_ version: Version) {
    timestamp = String(version.timestamp.nanoseconds)
    origin = version.origin
    tag = version.entityTag
  }
}

extension Version {
  /// The HTTP entity tag of the entry that this write left: no two writes have the same.
  var entityTag: String {
    "\"\(timestamp.nanoseconds).\(sequence).\(origin)\""
  }
}

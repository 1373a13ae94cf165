import PodShare

extension StoredEntry {
  /// An entry that was written by `author` as its write number `sequence`.
  static func value(_ value: Value, _ sequence: UInt64 = 1, by author: PodIdentity = .a) -> StoredEntry {
    StoredEntry(version: .number(sequence, by: author), content: .value(value))
  }

  static func tombstone(_ sequence: UInt64 = 1, by author: PodIdentity = .a) -> StoredEntry {
    StoredEntry(
      version: .number(sequence, by: author), epoch: .after(.number(sequence, by: author)),
      content: .tombstone(deletedAt: Timestamp(nanoseconds: Int64(sequence))))
  }
}

extension Version {
  static func number(_ sequence: UInt64, by author: PodIdentity = .a) -> Version {
    Version(timestamp: Timestamp(nanoseconds: Int64(sequence)), author: author, sequence: sequence)
  }
}

extension PodIdentity {
  static let a = PodIdentity(nodeID: "a", incarnation: 0)
}

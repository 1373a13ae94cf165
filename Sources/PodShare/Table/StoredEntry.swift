/// What the table holds under a key.
package struct StoredEntry<Value: Sendable>: Sendable {
  /// The greatest version of a write that took effect here.
  package var version: Version

  /// In merge mode, the delete that this entry's value was written after.
  package var epoch: Epoch

  package var content: Content

  /// In merge mode, what tells the readable value from others: two replicas with equal ones hold equal values. Nil for
  /// the value of one write, which its version tells. Travels with the entry; see ``ConflictResolution``.
  package var fingerprint: UInt64?

  package init(
    version: Version, epoch: Epoch = .beginning, content: Content, fingerprint: UInt64? = nil
  ) {
    self.version = version
    self.epoch = epoch
    self.content = content
    self.fingerprint = fingerprint
  }

  package enum Content: Sendable {
    case value(Value)
    /// Deleted, at `deletedAt` by the deleter's wall clock: its age is counted from there.
    case tombstone(deletedAt: Timestamp)
    /// Writes whose value this build cannot decode, kept as they came, and what reads go on showing meanwhile.
    indirect case opaque([OpaqueWrite], readable: Readable?)
  }

  /// A value that decoded, with the version it was written under.
  package struct Readable: Sendable {
    package var value: Value
    package var version: Version

    package init(value: Value, version: Version) {
      self.value = value
      self.version = version
    }
  }

  /// What reads show: the value, or the last one that decoded.
  package var value: Value? {
    switch content {
    case .value(let value): value
    case .tombstone: nil
    case .opaque(_, let readable): readable?.value
    }
  }

  package var readable: Readable? {
    switch content {
    case .value(let value): Readable(value: value, version: version)
    case .tombstone: nil
    case .opaque(_, let readable): readable
    }
  }

  /// Whether reads show a value.
  var isReadable: Bool {
    switch content {
    case .value: true
    case .tombstone: false
    case .opaque(_, let readable): readable != nil
    }
  }

  package var isTombstone: Bool {
    if case .tombstone = content { true } else { false }
  }

  package var isOpaque: Bool {
    if case .opaque = content { true } else { false }
  }
}

/// The span between two deletes of a key, in merge mode: only writes of one epoch are joined.
///
/// Boxed, because few entries have one and every entry pays for the field.
package indirect enum Epoch: Sendable, Hashable, Comparable {
  /// Before any delete.
  case beginning
  /// After the delete with this version.
  case after(Version)

  package static func < (lhs: Epoch, rhs: Epoch) -> Bool {
    switch (lhs, rhs) {
    case (.beginning, .beginning): false
    case (.beginning, .after): true
    case (.after, .beginning): false
    case (.after(let left), .after(let right)): left < right
    }
  }
}

/// A write whose value this build cannot decode: forwarded as it came.
package struct OpaqueWrite: Sendable, Hashable {
  package var version: Version
  package var lifetime: Lifetime
  /// The codec's bytes: a copy of its own, never a slice of a read buffer.
  package var bytes: [UInt8]
  /// Of a value that is the join of several writes, what tells it from other joins.
  package var fingerprint: UInt64? = nil
}

/// How long an entry lives. Everything written today is permanent; what later versions invent is carried as bytes.
package struct Lifetime: Sendable, Hashable {
  package var kind: UInt64
  package var bytes: [UInt8]

  package static let permanent = Lifetime(kind: 0, bytes: [])
}

extension Epoch: CustomStringConvertible {
  package var description: String {
    switch self {
    case .beginning: "from the beginning"
    case .after(let delete): "after the delete \(delete)"
    }
  }
}

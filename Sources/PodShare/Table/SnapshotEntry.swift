/// An entry of a snapshot, made into no more than it takes to send it.
package enum SnapshotEntry: Sendable {
  /// The value of one write, of which there is nothing more to say.
  case plain(PlainEntry)
  indirect case other(Key, StoredEntry<ErasedValue>)

  init(_ entry: EntryInPlace) {
    self = entry.plain.map(Self.plain) ?? .other(entry.key, entry.entry)
  }

  package var key: Key {
    switch self {
    case .plain(let plain): plain.key
    case .other(let key, _): key
    }
  }

  /// What reads show; nil if that is nothing.
  var value: (value: ErasedValue, version: Version)? {
    switch self {
    case .plain(let plain): (plain.value, plain.version)
    case .other(_, let entry): entry.value.map { ($0, entry.version) }
    }
  }

  package var entry: StoredEntry<ErasedValue> {
    switch self {
    case .plain(let plain): StoredEntry(version: plain.version, content: .value(plain.value))
    case .other(_, let entry): entry
    }
  }
}

/// A value with its version and, since that is in the same cell, its key.
package struct PlainEntry: Sendable {
  package let value: ErasedValue
  package let version: Version
  private let layout: CellLayout

  init(_ value: ErasedValue, _ version: Version, _ layout: CellLayout) {
    self.value = value
    self.version = version
    self.layout = layout
  }

  var key: Key {
    defer { withExtendedLifetime(value) {} }
    return Key(String(decoding: layout.key(of: value.object.cell), as: UTF8.self))
  }

  /// Passes the key's bytes, which are only there while `body` runs.
  package func withKey<Result>(_ body: (Span<UInt8>) throws -> Result) rethrows -> Result {
    defer { withExtendedLifetime(value) {} }
    return try body(layout.key(of: value.object.cell).assumingMemoryBound(to: UInt8.self).span)
  }
}

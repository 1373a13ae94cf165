package import NIOCore

/// Wire version 1: the JSON that the Go library podshare speaks. Read always; written when a store is configured so.
///
/// An event is one write of one key. It says less than version 2: no incarnation, so that its author's writes cannot
/// be told from those of its predecessor under the same node ID; no batch; no lifetime; no epoch; no deleter's clock.
package enum WireVersion1 {
  static let version: UInt64 = 1

  /// The first byte of an event and of a snapshot.
  static let mark = UInt8(ascii: "{")

  /// White space may stand before the object; no other version begins with any.
  package static func isVersion1(_ bytes: ByteBuffer) -> Bool {
    // Asked of every message: decided by the first byte of nearly all.
    bytes.readableBytesView.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0a && $0 != 0x0d } == mark
  }

  enum Kind: String {
    case set, delete
  }

  enum EventMember: String, CaseIterable {
    case v, kind, key, value, origin, timestamp, seq
  }

  enum SnapshotMember: String, CaseIterable {
    case v, entries
  }

  enum EntryMember: String, CaseIterable {
    case value, timestamp, origin, tombstone, seq
  }
}

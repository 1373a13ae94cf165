package import NIOCore

extension WireVersion1 {
  /// Why something cannot be said in version 1.
  package struct Unrepresentable: Error, CustomStringConvertible {
    package let description: String

    /// Version 1 has one value for each key.
    static let sideBySide = Unrepresentable(
      description: "wire version 1 cannot carry values kept undecoded beside another")
  }

  /// One write of one key.
  package static func encodeEvent(_ entry: WireEntry) throws(Unrepresentable) -> ByteBuffer {
    let value = try value(of: entry)
    let size = (value?.readableBytes ?? 0) / 3 * 4 + entry.key.string.utf8.count
    var writer = GoJSONWriter(capacity: size + 160)
    writer.beginObject()
    writer.member("v", number: version)
    writer.member("kind", text: (value == nil ? Kind.delete : Kind.set).rawValue)
    writer.member("key", text: entry.key.string)
    writer.member("value", unlessEmpty: value ?? ByteBuffer())
    writer.member("origin", text: entry.version.origin)
    writer.member("timestamp", timestamp: entry.version.timestamp)
    writer.member("seq", unlessZero: entry.version.sequence)
    writer.endObject()
    return writer.buffer
  }

  /// The whole state, at most one entry for each key; and what had to be left out.
  package static func encodeSnapshot(
    _ entries: [WireEntry]
  ) -> (snapshot: ByteBuffer, leftOut: [(Key, Unrepresentable)]) {
    var leftOut: [(Key, Unrepresentable)] = []
    var writer = GoJSONWriter(capacity: 32 + 128 * entries.count)
    writer.beginObject()
    writer.member("v", number: version)
    writer.name("entries")
    writer.beginObject()
    for entry in entries.sorted(by: { $0.key < $1.key }) {
      do {
        let value = try value(of: entry)
        writer.name(entry.key.string)
        writer.beginObject()
        writer.member("value", unlessEmpty: value ?? ByteBuffer())
        writer.member("timestamp", timestamp: entry.version.timestamp)
        writer.member("origin", text: entry.version.origin)
        writer.member("tombstone", unlessFalse: value == nil)
        writer.member("seq", unlessZero: entry.version.sequence)
        writer.endObject()
      } catch {
        leftOut.append((entry.key, error))
      }
    }
    writer.endObject()
    writer.endObject()
    return (writer.buffer, leftOut)
  }

  /// The bytes of a set; nil for a delete.
  private static func value(of entry: WireEntry) throws(Unrepresentable) -> ByteBuffer? {
    switch entry.content {
    case .delete: return nil
    case .set(let lifetime, let bytes):
      guard lifetime == .permanent else {
        throw Unrepresentable(
          description: "wire version 1 has no lifetimes (this one is of kind \(lifetime.kind))")
      }
      return bytes
    }
  }
}

package import NIOCore

// As Go's encoder writes them, byte for byte: the order of members, what is left out, escapes, timestamps.
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
    var buffer = ByteBufferAllocator().buffer(capacity: size + 160)
    buffer.writeStaticString(#"{"v":1,"kind":"#)
    buffer.writeStaticString(value == nil ? #""delete","key":"# : #""set","key":"#)
    buffer.writeJSON(entry.key.string)
    write(value, into: &buffer, after: ",")
    buffer.writeStaticString(#","origin":"#)
    buffer.writeJSON(entry.version.origin)
    buffer.writeStaticString(#","timestamp":""#)
    buffer.writeBytes(entry.version.timestamp.rfc3339)
    buffer.writeStaticString(#"""#)
    writeSequence(of: entry, into: &buffer)
    buffer.writeStaticString("}")
    return buffer
  }

  /// The whole state, at most one entry for each key; and what had to be left out.
  package static func encodeSnapshot(
    _ entries: [WireEntry]
  ) -> (snapshot: ByteBuffer, leftOut: [(Key, Unrepresentable)]) {
    var leftOut: [(Key, Unrepresentable)] = []
    var buffer = ByteBufferAllocator().buffer(capacity: 32 + 128 * entries.count)
    buffer.writeStaticString(#"{"v":1,"entries":{"#)
    var isFirst = true
    for entry in entries.sorted(by: { $0.key < $1.key }) {
      let value: ByteBuffer?
      do {
        value = try self.value(of: entry)
      } catch {
        leftOut.append((entry.key, error))
        continue
      }
      if !isFirst { buffer.writeStaticString(",") }
      isFirst = false
      buffer.writeJSON(entry.key.string)
      buffer.writeStaticString(":{")
      let start = buffer.writerIndex
      write(value, into: &buffer, after: "")
      buffer.writeStaticString(buffer.writerIndex > start ? #","timestamp":""# : #""timestamp":""#)
      buffer.writeBytes(entry.version.timestamp.rfc3339)
      buffer.writeStaticString(#"","origin":"#)
      buffer.writeJSON(entry.version.origin)
      if value == nil { buffer.writeStaticString(#","tombstone":true"#) }
      writeSequence(of: entry, into: &buffer)
      buffer.writeStaticString("}")
    }
    buffer.writeStaticString("}}")
    return (buffer, leftOut)
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

  private static func write(
    _ value: ByteBuffer?, into buffer: inout ByteBuffer, after separator: StaticString
  ) {
    guard let value, value.readableBytes > 0 else { return }
    buffer.writeStaticString(separator)
    buffer.writeStaticString(#""value":""#)
    Base64.encode(value.readableBytesView, into: &buffer)
    buffer.writeStaticString(#"""#)
  }

  private static func writeSequence(of entry: WireEntry, into buffer: inout ByteBuffer) {
    guard entry.version.sequence != 0 else { return }
    buffer.writeStaticString(#","seq":"#)
    buffer.writeString(String(entry.version.sequence))
  }
}

extension ByteBuffer {
  /// A string as Go's encoder writes it: also fit to stand in HTML and JavaScript.
  fileprivate mutating func writeJSON(_ text: String) {
    writeStaticString("\"")
    if text.utf8.allSatisfy(\.isPlainInGoJSON) {
      writeString(text)
    } else {
      for scalar in text.unicodeScalars { writeEscaped(scalar) }
    }
    writeStaticString("\"")
  }

  private mutating func writeEscaped(_ scalar: Unicode.Scalar) {
    switch scalar {
    case "\"": writeStaticString("\\\"")
    case "\\": writeStaticString("\\\\")
    case "\u{8}": writeStaticString("\\b")
    case "\u{c}": writeStaticString("\\f")
    case "\n": writeStaticString("\\n")
    case "\r": writeStaticString("\\r")
    case "\t": writeStaticString("\\t")
    case "\0"..."\u{1f}", "<", ">", "&", "\u{2028}", "\u{2029}":
      let digits = String(scalar.value, radix: 16)
      writeStaticString("\\u")
      writeString(String(repeating: "0", count: 4 - digits.count) + digits)
    default: writeString(String(scalar))
    }
  }
}

extension UInt8 {
  /// Neither escaped nor the beginning of something that might be.
  fileprivate var isPlainInGoJSON: Bool {
    switch self {
    case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "<"), UInt8(ascii: ">"),
      UInt8(ascii: "&"):
      false
    case 0x80...: false
    default: true
    }
  }
}

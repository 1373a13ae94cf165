import NIOCore

/// Writes JSON objects as Go's encoder does, byte for byte: without white space, members in the order in which they are
/// written, strings escaped so that they may stand in HTML and JavaScript too.
struct GoJSONWriter {
  private(set) var buffer: ByteBuffer
  private var needsComma = false

  init(capacity: Int) {
    buffer = ByteBufferAllocator().buffer(capacity: capacity)
  }

  mutating func beginObject() {
    buffer.writeStaticString("{")
    needsComma = false
  }

  mutating func endObject() {
    buffer.writeStaticString("}")
    needsComma = true
  }

  /// The name of a member; its value must follow.
  mutating func name(_ name: String) {
    separate()
    writeString(name)
    buffer.writeStaticString(":")
  }

  private mutating func name(_ name: StaticString) {
    separate()
    buffer.writeStaticString("\"")
    buffer.writeStaticString(name)
    buffer.writeStaticString("\":")
  }

  private mutating func separate() {
    if needsComma { buffer.writeStaticString(",") }
    needsComma = true
  }

  // MARK: Members

  mutating func member(_ name: StaticString, text: String) {
    self.name(name)
    writeString(text)
  }

  mutating func member(_ name: StaticString, number: some FixedWidthInteger) {
    self.name(name)
    buffer.writeString(String(number))
  }

  mutating func member(_ name: StaticString, timestamp: Timestamp) {
    self.name(name)
    buffer.writeStaticString("\"")
    buffer.writeBytes(timestamp.rfc3339)
    buffer.writeStaticString("\"")
  }

  // Go's `omitempty`: left out where there is nothing to say.

  mutating func member(_ name: StaticString, unlessEmpty text: String) {
    if !text.isEmpty { member(name, text: text) }
  }

  mutating func member(_ name: StaticString, unlessEmpty bytes: ByteBuffer) {
    guard bytes.readableBytes > 0 else { return }
    self.name(name)
    buffer.writeStaticString("\"")
    Base64.encode(bytes.readableBytesView, into: &buffer)
    buffer.writeStaticString("\"")
  }

  mutating func member(_ name: StaticString, unlessZero number: some FixedWidthInteger) {
    if number != 0 { member(name, number: number) }
  }

  mutating func member(_ name: StaticString, unlessFalse flag: Bool) {
    guard flag else { return }
    self.name(name)
    buffer.writeStaticString("true")
  }

  // MARK: Strings

  private mutating func writeString(_ text: String) {
    buffer.writeStaticString("\"")
    if text.utf8.allSatisfy(\.isPlainInGoJSON) {
      buffer.writeString(text)
    } else {
      for scalar in text.unicodeScalars { writeEscaped(scalar) }
    }
    buffer.writeStaticString("\"")
  }

  private mutating func writeEscaped(_ scalar: Unicode.Scalar) {
    switch scalar {
    case "\"": buffer.writeStaticString("\\\"")
    case "\\": buffer.writeStaticString("\\\\")
    case "\u{8}": buffer.writeStaticString("\\b")
    case "\u{c}": buffer.writeStaticString("\\f")
    case "\n": buffer.writeStaticString("\\n")
    case "\r": buffer.writeStaticString("\\r")
    case "\t": buffer.writeStaticString("\\t")
    case "\0"..."\u{1f}", "<", ">", "&", "\u{2028}", "\u{2029}":
      let digits = String(scalar.value, radix: 16)
      buffer.writeStaticString("\\u")
      buffer.writeString(String(repeating: "0", count: 4 - digits.count) + digits)
    default: buffer.writeString(String(scalar))
    }
  }
}

extension UInt8 {
  /// Neither escaped nor, as all beyond ASCII, perhaps part of something that is.
  fileprivate var isPlainInGoJSON: Bool {
    switch self {
    case 0..<0x20, 0x80..., UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "<"), UInt8(ascii: ">"),
      UInt8(ascii: "&"):
      false
    default: true
    }
  }
}

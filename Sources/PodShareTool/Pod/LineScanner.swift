/// Takes a command line apart, from left to right.
struct LineScanner {
  private let bytes: [UInt8]
  private var offset = 0

  init(_ line: String) {
    bytes = Array(line.utf8)
    skipSpace()
  }

  var isAtEnd: Bool { offset == bytes.count }

  /// What stands before the next space; nil at the end.
  mutating func nextWord() -> String? {
    guard !isAtEnd else { return nil }
    let start = offset
    while !isAtEnd, !Self.isSpace(bytes[offset]) { offset += 1 }
    let word = String(decoding: bytes[start..<offset], as: UTF8.self)
    skipSpace()
    return word
  }

  /// A word, or a JSON string in double quotes; nil at the end.
  mutating func nextKey() throws(JSONError) -> String? {
    guard !isAtEnd, bytes[offset] == UInt8(ascii: "\"") else { return nextWord() }
    var scanner = JSONScanner(bytes, at: offset)
    try scanner.skipString()
    let range = offset..<scanner.offset
    guard scanner.isAtEnd || Self.isSpace(bytes[scanner.offset]) else {
      throw JSONError(message: "a space is missing behind the key", offset: scanner.offset)
    }
    let key = try JSONValue.decodeString(bytes, range)
    offset = scanner.offset
    skipSpace()
    return key
  }

  /// All that is left, without space at its end.
  mutating func rest() -> String {
    var end = bytes.count
    while end > offset, Self.isSpace(bytes[end - 1]) { end -= 1 }
    defer { offset = bytes.count }
    return String(decoding: bytes[offset..<end], as: UTF8.self)
  }

  private mutating func skipSpace() {
    while !isAtEnd, Self.isSpace(bytes[offset]) { offset += 1 }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { JSONText.isSpace(byte) }
}

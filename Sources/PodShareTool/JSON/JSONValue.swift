import PodShareJSON

/// Any JSON value, as the text that somebody wrote.
///
/// The tool does not know the types of a fleet's values, so it keeps what it gets to the byte: a number keeps all its
/// digits, an object the order of its members.
struct JSONValue: Sendable, Equatable {
  let text: String

  /// - Throws: If the text is not one JSON value.
  init(_ text: String) throws(JSONError) {
    var scanner = JSONScanner(Array(text.utf8))
    scanner.skipSpace()
    try scanner.skipValue()
    try scanner.expectEnd()
    self.text = text
  }

  private init(checked text: String) {
    self.text = text
  }

  /// The value on one line.
  var line: String { JSONText.compact(text) }
}

extension JSONValue {
  /// The members of an object, in the order of the text.
  ///
  /// - Throws: If the text is not one JSON object.
  static func members(ofObject text: String) throws(JSONError) -> [(key: String, value: JSONValue)] {
    let bytes = Array(text.utf8)
    var members: [(key: String, value: JSONValue)] = []
    var scanner = JSONScanner(bytes)
    scanner.skipSpace()
    try scanner.skipMembers { key, value throws(JSONError) in
      members.append(
        (try decodeString(bytes, key), JSONValue(checked: String(decoding: bytes[value], as: UTF8.self))))
    }
    try scanner.expectEnd()
    return members
  }

  /// The text that a JSON string stands for.
  static func decodeString(_ bytes: [UInt8], _ range: Range<Int>) throws(JSONError) -> String {
    do {
      return try JSON.decode(String.self, from: bytes.span.extracting(range))
    } catch {
      // The grammar allows half of a surrogate pair; text does not.
      throw JSONError(message: "a string is no text", offset: range.lowerBound)
    }
  }
}

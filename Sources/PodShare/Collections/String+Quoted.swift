extension String {
  /// The text in quotes, for an error's message, with nothing in it that would steer a terminal; of one that somebody
  /// has made megabytes long, the beginning.
  var quoted: String {
    if utf8.count <= 200 { return escaped }
    return "\(String(decoding: utf8.prefix(100), as: UTF8.self).escaped)… (\(utf8.count) bytes)"
  }

  /// The text, or of a long one the beginning.
  var shortened: String {
    if utf8.count <= 2_000 { return self }
    return "\(prefix(1_000))… (\(utf8.count) bytes)"
  }

  /// As `debugDescription`, which leaves the control characters from U+0080 to U+009F as they are.
  private var escaped: String {
    debugDescription.unicodeScalars.reduce(into: "") { text, scalar in
      if 0x80...0x9f ~= scalar.value {
        text += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
  }
}

/// JSON text as the tool writes it: always one line, and nothing in it that would steer a terminal.
enum JSONText {
  static func string(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      default: append(scalar, to: &quoted)
      }
    }
    return quoted + "\""
  }

  static func array(_ elements: some Sequence<String>) -> String {
    "[\(elements.joined(separator: ","))]"
  }

  /// An object of members whose values are JSON text already.
  static func object(_ members: some Sequence<(key: String, value: String)>) -> String {
    "{\(members.map { "\(string($0.key)):\($0.value)" }.joined(separator: ","))}"
  }

  /// Valid JSON without the space between its parts.
  static func compact(_ text: String) -> String {
    var compact = ""
    compact.reserveCapacity(text.utf8.count)
    var isInString = false
    var isEscaped = false
    for scalar in text.unicodeScalars {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if scalar == "\\" {
          isEscaped = true
        } else if scalar == "\"" {
          isInString = false
        }
        append(scalar, to: &compact)
      } else if !scalar.isASCII || !isSpace(UInt8(ascii: scalar)) {
        isInString = scalar == "\""
        compact.unicodeScalars.append(scalar)
      }
    }
    return compact
  }

  static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
  }

  /// Whether a terminal, or whoever splits a text into lines, could take it for more than a character.
  static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: true
    default: false
    }
  }

  private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
    // What joins emoji and letters is a format character, too, and harmless.
    guard isUnprintable(scalar), scalar != "\u{200d}", scalar != "\u{200c}" else {
      text.unicodeScalars.append(scalar)
      return
    }
    for unit in UTF16.encode(scalar)! {
      let digits = String(unit, radix: 16)
      text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
  }
}

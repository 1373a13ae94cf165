/// Keys and node IDs as they stand in a line: as they are if they are plain words, otherwise as JSON strings, in double
/// quotes.
///
/// Whoever splits a line at its spaces, and reads what begins with a double quote as JSON, gets back what was meant.
enum Word {
  static func quoted(_ text: String) -> String {
    isPlain(text) ? text : JSONText.string(text)
  }

  /// Whether the text is not empty and has nothing but letters, marks, digits, punctuation and symbols, without double
  /// quotes and backslashes.
  static func isPlain(_ text: String) -> Bool {
    !text.isEmpty
      && text.unicodeScalars.allSatisfy { scalar in
        scalar != "\"" && scalar != "\\" && scalar.properties.generalCategory != .spaceSeparator
          && !JSONText.isUnprintable(scalar)
      }
  }
}

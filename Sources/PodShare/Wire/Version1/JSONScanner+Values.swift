// Values as Go's decoder takes them into fields: a null where a text, a number or a boolean is expected changes nothing.
extension JSONScanner {
  private mutating func takeNull() throws(WireError) -> Bool {
    guard try nextKind() == .null else { return false }
    try null()
    return true
  }

  mutating func textOrNull() throws(WireError) -> String? {
    guard try !takeNull() else { return nil }
    guard try nextKind() == .string else { throw error("a value that should be a string is none") }
    return try text(try string())
  }

  mutating func boolOrNull() throws(WireError) -> Bool? {
    guard try !takeNull() else { return nil }
    guard try nextKind() == .bool else { throw error("a value that should be true or false is neither") }
    return try bool()
  }

  mutating func integerOrNull<Number: FixedWidthInteger>() throws(WireError) -> Number? {
    guard try !takeNull() else { return nil }
    guard try nextKind() == .number else { throw error("a value that should be a number is none") }
    guard let number: Number = try integer() else { throw WireError(.numberOverflow, origin: origin) }
    return number
  }

  mutating func timestampOrNull() throws(WireError) -> Timestamp? {
    guard try !takeNull() else { return nil }
    guard try nextKind() == .string else { throw error("a timestamp is no string") }
    let token = try string()
    do throws(Timestamp.RFC3339Error) {
      // As it stands: Go reads the instant without looking for escapes.
      return try Timestamp(rfc3339: rawBytes(token))
    } catch {
      switch error {
      case .outOfRange: throw WireError(.timestampOutOfRange, origin: origin)
      case .malformed: throw self.error("a timestamp is not RFC 3339")
      }
    }
  }

  /// A codec's bytes: Base64, or an array of numbers; none for a null.
  mutating func valueBytes() throws(WireError) -> [UInt8] {
    switch try nextKind() {
    case .null:
      try null()
      return []
    case .string:
      guard let bytes = Base64.decode(try textBytes(try string())) else {
        throw error("a value is not Base64")
      }
      return bytes
    case .array:
      var bytes: [UInt8] = []
      try array { (scanner) throws(WireError) in
        bytes.append(try scanner.integerOrNull() ?? 0)
      }
      return bytes
    case .object, .number, .bool:
      throw error("a value is neither Base64 nor an array of bytes")
    }
  }
}

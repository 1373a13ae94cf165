// Values as Go's decoder takes them into fields. An error names the member that the value belongs to.
extension JSONScanner {
  func string(_ token: Token, of member: String) throws(WireError) -> String {
    guard token.kind == .string else { throw WireError(.malformed("there is no string"), member: member) }
    do throws(WireError) {
      return try text(token)
    } catch {
      throw WireError(error.reason, member: member)
    }
  }

  func boolean(_ token: Token, of member: String) throws(WireError) -> Bool {
    guard token.kind == .bool else {
      throw WireError(.malformed("there is neither true nor false"), member: member)
    }
    return bool(token)
  }

  func number<Number: FixedWidthInteger>(_ token: Token, of member: String) throws(WireError) -> Number {
    guard token.kind == .number, let number: Number = integer(token) else {
      throw WireError(
        .malformed("there is no whole number from \(Number.min) to \(Number.max)"), member: member)
    }
    return number
  }

  func timestamp(_ token: Token, of member: String) throws(WireError) -> Timestamp {
    guard token.kind == .string else { throw WireError(.malformed("there is no string"), member: member) }
    do throws(Timestamp.RFC3339Error) {
      // As it stands: Go reads the instant without looking for escapes.
      return try Timestamp(rfc3339: rawBytes(token))
    } catch {
      switch error {
      case .outOfRange: throw WireError(.timestampOutOfRange, member: member)
      case .malformed:
        throw WireError(.malformed("there is no timestamp in the form of RFC 3339"), member: member)
      }
    }
  }

  /// A codec's bytes: Base64, or an array of numbers; none for a null.
  func codecBytes(_ token: Token, of member: String) throws(WireError) -> [UInt8] {
    switch token.kind {
    case .null:
      return []
    case .string:
      guard let text = try? textBytes(token), let bytes = Base64.decode(text) else {
        throw WireError(.malformed("the text is not Base64"), member: member)
      }
      return bytes
    case .array:
      var bytes: [UInt8] = []
      try forEachElement(of: token) { element throws(WireError) in
        bytes.append(element.kind == .null ? 0 : try number(element, of: member))
      }
      return bytes
    case .object, .number, .bool:
      throw WireError(.malformed("there is neither Base64 nor an array of bytes"), member: member)
    }
  }
}

extension JSONScanner.Token? {
  /// Takes the value of a member that may stand twice. The last counts, but null changes nothing.
  mutating func take(_ token: JSONScanner.Token) {
    if token.kind != .null { self = token }
  }
}

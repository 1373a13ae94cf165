import NIOCore

/// Reads JSON (RFC 8259) from front to back, one token after the other, without building a tree: just enough of it for
/// the envelope of wire version 1. Time is linear in the bytes, and nothing is allocated but what the caller asks for.
struct JSONScanner {
  enum Kind {
    case object, array, string, number, bool, null
  }

  /// Where a value stands in the text.
  struct Token {
    let kind: Kind
    /// Of a string, what is between its quotes.
    fileprivate let range: Range<Int>
    fileprivate var hasEscapes = false
  }

  /// How deep values may be nested: as deep as Go's decoder follows them.
  static let maxDepth = 10_000

  private let bytes: [UInt8]
  private var index = 0

  init(_ buffer: ByteBuffer) {
    bytes = Array(buffer.readableBytesView)
  }

  private func syntaxError(_ expected: String) -> WireError {
    index < bytes.count
      ? WireError(.malformed("\(expected) is missing at byte \(index)")) : WireError(.truncated)
  }

  // MARK: Reading on

  /// Skips white space, and says what kind of value comes next.
  mutating func nextKind() throws(WireError) -> Kind {
    skipWhiteSpace()
    guard index < bytes.count else { throw syntaxError("a value") }
    switch bytes[index] {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    default: throw syntaxError("a value")
    }
  }

  /// Reads an object. `body` gets each member's name, a string, and must read its value.
  mutating func object(
    _ body: (Token, inout JSONScanner) throws(WireError) -> Void
  ) throws(WireError) {
    guard take("{") else { throw syntaxError("an object") }
    if take("}") { return }
    repeat {
      try body(try name(), &self)
    } while take(",")
    guard take("}") else { throw syntaxError("the end of an object") }
  }

  /// Reads a value of any kind. It must be JSON, whatever it says.
  mutating func value() throws(WireError) -> Token {
    let kind = try nextKind()
    let start = index
    switch kind {
    case .object, .array: try skipNested()
    case .string: return try string()
    case .number: try skipNumber()
    case .bool: try skipLiteral(bytes[index] == UInt8(ascii: "t") ? "true" : "false")
    case .null: try skipLiteral("null")
    }
    return Token(kind: kind, range: start..<index)
  }

  /// Nothing but white space may follow.
  mutating func requireEnd() throws(WireError) {
    skipWhiteSpace()
    guard index == bytes.count else { throw WireError(.trailingBytes) }
  }

  // MARK: What a token says

  /// The text of a string. Throws if it is not Unicode: texts that differ must not become one.
  func text(_ token: Token) throws(WireError) -> String {
    let text =
      token.hasEscapes
      ? try String(validating: unescaped(token), as: UTF8.self)
      : String(validating: bytes[token.range], as: UTF8.self)
    guard let text else { throw WireError(.invalidUTF8) }
    return text
  }

  /// The bytes of a string's text, which need not be UTF-8.
  func textBytes(_ token: Token) throws(WireError) -> ArraySlice<UInt8> {
    token.hasEscapes ? try unescaped(token)[...] : bytes[token.range]
  }

  /// The bytes of a token as they stand in the JSON, escapes and all.
  func rawBytes(_ token: Token) -> ArraySlice<UInt8> {
    bytes[token.range]
  }

  /// Whether a boolean is true.
  func bool(_ token: Token) -> Bool {
    bytes[token.range.lowerBound] == UInt8(ascii: "t")
  }

  /// A number, if it is an integer without fraction and exponent that fits.
  func integer<Number: FixedWidthInteger>(_ token: Token) -> Number? {
    var digits = bytes[token.range]
    let isNegative = digits.first == UInt8(ascii: "-")
    guard !isNegative || Number.isSigned else { return nil }
    if isNegative { digits.removeFirst() }
    var number: Number = 0
    for byte in digits {
      guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
      let digit = Number(truncatingIfNeeded: byte - UInt8(ascii: "0"))
      let (tens, tooLarge) = number.multipliedReportingOverflow(by: 10)
      let (sum, carried) =
        isNegative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
      guard !tooLarge, !carried else { return nil }
      number = sum
    }
    return number
  }

  /// Calls `body` with each element of an array.
  func forEachElement(of token: Token, _ body: (Token) throws(WireError) -> Void) throws(WireError) {
    var scanner = self
    scanner.index = token.range.lowerBound + 1
    if scanner.take("]") { return }
    repeat { try body(try scanner.value()) } while scanner.take(",")
  }

  private func unescaped(_ token: Token) throws(WireError) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(token.range.count)
    var index = token.range.lowerBound
    while index < token.range.upperBound {
      let byte = bytes[index]
      index += 1
      guard byte == UInt8(ascii: "\\") else {
        text.append(byte)
        continue
      }
      let escape = bytes[index]
      index += 1
      switch escape {
      case UInt8(ascii: "b"): text.append(0x08)
      case UInt8(ascii: "f"): text.append(0x0c)
      case UInt8(ascii: "n"): text.append(0x0a)
      case UInt8(ascii: "r"): text.append(0x0d)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "u"): text += try scalar(at: &index, before: token.range.upperBound)
      default: text.append(escape)  // The quote, the backslash and the slash stand for themselves.
      }
    }
    return text
  }

  /// The UTF-8 of the escape whose four digits begin at `index`, or of the pair of surrogates that begins there.
  private func scalar(at index: inout Int, before end: Int) throws(WireError) -> [UInt8] {
    var code = UInt32(hexDigits(at: index))
    index += 4
    if 0xd800..<0xdc00 ~= code, index + 6 <= end, bytes[index] == UInt8(ascii: "\\"),
      bytes[index + 1] == UInt8(ascii: "u")
    {
      let low = UInt32(hexDigits(at: index + 2))
      if 0xdc00..<0xe000 ~= low {
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
        index += 6
      }
    }
    guard let scalar = Unicode.Scalar(code) else { throw WireError(.invalidUTF8) }
    return Array(UTF8.encode(scalar) ?? UTF8.CodeUnit.replacement)
  }

  // Only of an escape that has been skipped before, and so is known to have them.
  private func hexDigits(at index: Int) -> UInt16 {
    bytes[index..<index + 4].reduce(0) { $0 << 4 | UInt16(Self.hexDigit($1) ?? 0) }
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  // MARK: Tokens

  private mutating func skipWhiteSpace() {
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x0a, 0x0d, 0x09: index += 1
      default: return
      }
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipWhiteSpace()
    guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  /// A member's name and the colon behind it.
  private mutating func name() throws(WireError) -> Token {
    skipWhiteSpace()
    let name = try string()
    guard take(":") else { throw syntaxError("a colon") }
    return name
  }

  private mutating func string() throws(WireError) -> Token {
    guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { throw syntaxError("a string") }
    index += 1
    let start = index
    var hasEscapes = false
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        defer { index += 1 }
        return Token(kind: .string, range: start..<index, hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        try skipEscape()
      case 0..<0x20:
        throw WireError(.malformed("a control character stands in a string at byte \(index)"))
      default:
        index += 1
      }
    }
    throw WireError(.truncated)
  }

  /// Skips an object or an array. Without recursion: the sender decides how deep it is.
  private mutating func skipNested() throws(WireError) {
    /// What will end each object and array that has begun.
    var ends: [Unicode.Scalar] = []
    repeat {
      // Here a value begins.
      switch try nextKind() {
      case .object, .array:
        guard ends.count < Self.maxDepth else {
          throw WireError(.malformed("values are nested more than \(Self.maxDepth) deep"))
        }
        let end: Unicode.Scalar = bytes[index] == UInt8(ascii: "{") ? "}" : "]"
        index += 1
        if !take(end) {
          ends.append(end)
          if end == "}" { _ = try name() }
          continue
        }
      case .string, .number, .bool, .null:
        _ = try value()
      }
      // Here one has ended: another begins, or what holds it ends too.
      while let end = ends.last {
        if take(",") {
          if end == "}" { _ = try name() }
          break
        }
        guard take(end) else {
          throw syntaxError(end == "}" ? "the end of an object" : "the end of an array")
        }
        ends.removeLast()
      }
    } while !ends.isEmpty
  }

  private mutating func skipEscape() throws(WireError) {
    guard index + 1 < bytes.count else { throw WireError(.truncated) }
    switch bytes[index + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      index += 2
    case UInt8(ascii: "u"):
      guard index + 6 <= bytes.count else { throw WireError(.truncated) }
      guard bytes[index + 2..<index + 6].allSatisfy({ Self.hexDigit($0) != nil }) else { fallthrough }
      index += 6
    default:
      throw WireError(.malformed("an unknown escape stands in a string at byte \(index)"))
    }
  }

  private mutating func skipDigits() throws(WireError) {
    let start = index
    while index < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[index] { index += 1 }
    guard index > start else { throw syntaxError("a digit") }
  }

  private mutating func skipNumber() throws(WireError) {
    if bytes[index] == UInt8(ascii: "-") { index += 1 }
    let start = index
    try skipDigits()
    guard bytes[start] != UInt8(ascii: "0") || index == start + 1 else {
      throw WireError(.malformed("a number begins with a zero at byte \(start)"))
    }
    if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
      index += 1
      try skipDigits()
    }
    if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
      index += 1
      if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
        index += 1
      }
      try skipDigits()
    }
  }

  private mutating func skipLiteral(_ literal: String) throws(WireError) {
    let end = index + literal.utf8.count
    guard bytes[index..<min(end, bytes.count)].elementsEqual(literal.utf8) else {
      throw end > bytes.count ? WireError(.truncated) : syntaxError(literal)
    }
    index = end
  }
}

extension JSONScanner {
  /// Which of some names a member has, whatever their case, as Go compares them; nil if none of them.
  ///
  /// Go folds by Unicode's simple rules, by which two signs beyond ASCII are cases of the letters k and s.
  func member<Name: RawRepresentable & CaseIterable>(_ token: Token) -> Name?
  where Name.RawValue == String {
    let folded: [UInt8]
    if !token.hasEscapes, bytes[token.range].allSatisfy({ $0 < 0x80 }) {
      for name in Name.allCases where isEqual(token, to: name.rawValue) { return name }
      folded = bytes[token.range].map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 }
    } else {
      guard let text = try? text(token) else { return nil }
      let scalars = text.unicodeScalars.map { scalar -> Unicode.Scalar in
        switch scalar {
        case "\u{212a}": "k"
        case "\u{17f}": "s"
        case "A"..."Z": Unicode.Scalar(UInt8(ascii: scalar) | 0x20)
        default: scalar
        }
      }
      guard scalars.allSatisfy(\.isASCII) else { return nil }
      folded = scalars.map { UInt8(ascii: $0) }
    }
    return Name.allCases.first { $0.rawValue.utf8.elementsEqual(folded) }
  }

  /// Asked of every member of every message: most differ in length, or in the first byte.
  private func isEqual(_ token: Token, to name: String) -> Bool {
    var name = name
    return name.withUTF8 { name in
      guard name.count == token.range.count else { return false }
      for index in 0..<name.count where name[index] != bytes[token.range.lowerBound + index] { return false }
      return true
    }
  }
}

extension UTF8.CodeUnit {
  fileprivate static var replacement: UTF8.EncodedScalar { UTF8.encodedReplacementCharacter }
}

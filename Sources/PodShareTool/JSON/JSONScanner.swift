/// Goes over JSON text and checks it against the grammar of RFC 8259, no more and no less.
///
/// The tool passes on what services write, in whatever language. So it must neither take for JSON what a service could
/// not read, such as a comma behind the last element, nor refuse or round what it could, such as a number with forty
/// digits. Decoders do both, which is why none is used here.
struct JSONScanner {
  /// How many arrays and objects may stand within one another: as many as the library's own codec reads.
  static let maximumDepth = 512

  private let bytes: [UInt8]
  private(set) var offset: Int

  /// Begins at `offset`. The bytes must be valid UTF-8.
  init(_ bytes: [UInt8], at offset: Int = 0) {
    self.bytes = bytes
    self.offset = offset
  }

  var isAtEnd: Bool { offset == bytes.count }

  mutating func skipSpace() {
    while let byte = peek, JSONText.isSpace(byte) { offset += 1 }
  }

  /// Nothing but space is left.
  mutating func expectEnd() throws(JSONError) {
    skipSpace()
    guard isAtEnd else { throw error("there is more") }
  }

  // MARK: Values

  mutating func skipValue(depth: Int = 0) throws(JSONError) {
    switch peek {
    case UInt8(ascii: "{"):
      try skipMembers(depth: depth + 1) { (_, _) in }
    case UInt8(ascii: "["):
      try skipElements(depth: depth + 1)
    case UInt8(ascii: "\""):
      try skipString()
    case UInt8(ascii: "t"):
      try skip("true")
    case UInt8(ascii: "f"):
      try skip("false")
    case UInt8(ascii: "n"):
      try skip("null")
    case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
      try skipNumber()
    case nil:
      throw error("a value is missing")
    case .some:
      throw error("no value begins")
    }
  }

  /// Passes over an object, and says where the key and the value of each member stand.
  mutating func skipMembers(
    depth: Int = 1, _ body: (_ key: Range<Int>, _ value: Range<Int>) throws(JSONError) -> Void
  ) throws(JSONError) {
    try checkDepth(depth)
    guard skipIf("{") else { throw error("an object is missing") }
    skipSpace()
    if skipIf("}") { return }
    while true {
      let keyStart = offset
      guard peek == UInt8(ascii: "\"") else { throw error("a member's name is missing") }
      try skipString()
      let key = keyStart..<offset
      skipSpace()
      guard skipIf(":") else { throw error("a colon is missing") }
      skipSpace()
      let valueStart = offset
      try skipValue(depth: depth)
      try body(key, valueStart..<offset)
      skipSpace()
      if skipIf("}") { return }
      guard skipIf(",") else { throw error("a comma or } is missing") }
      skipSpace()
    }
  }

  private mutating func skipElements(depth: Int) throws(JSONError) {
    try checkDepth(depth)
    offset += 1
    skipSpace()
    if skipIf("]") { return }
    while true {
      try skipValue(depth: depth)
      skipSpace()
      if skipIf("]") { return }
      guard skipIf(",") else { throw error("a comma or ] is missing") }
      skipSpace()
    }
  }

  private func checkDepth(_ depth: Int) throws(JSONError) {
    guard depth <= Self.maximumDepth else {
      throw error("more than \(Self.maximumDepth) arrays and objects stand within one another")
    }
  }

  // MARK: Strings

  mutating func skipString() throws(JSONError) {
    offset += 1
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        return
      case UInt8(ascii: "\\"):
        try skipEscape()
      case 0x00..<0x20:
        throw error("a control character stands in a string")
      default:
        offset += 1
      }
    }
    throw error("a string does not end")
  }

  private mutating func skipEscape() throws(JSONError) {
    offset += 1
    switch peek {
    case UInt8(ascii: "u"):
      offset += 1
      for _ in 0..<4 {
        guard let byte = peek, Self.isHexDigit(byte) else {
          throw error("four hexadecimal digits are missing")
        }
        offset += 1
      }
    case .some(let byte) where #""\/bfnrt"#.utf8.contains(byte):
      offset += 1
    default:
      throw error("an escape is unknown")
    }
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }

  // MARK: Numbers

  private mutating func skipNumber() throws(JSONError) {
    _ = skipIf("-")
    if !skipIf("0") { try skipDigits() }
    if skipIf(".") { try skipDigits() }
    if skipIf("e") || skipIf("E") {
      if !skipIf("+") { _ = skipIf("-") }
      try skipDigits()
    }
  }

  private mutating func skipDigits() throws(JSONError) {
    let start = offset
    while let byte = peek, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { offset += 1 }
    guard offset > start else { throw error("a digit is missing") }
  }

  // MARK: Bytes

  private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func skipIf(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  private mutating func skip(_ word: StaticString) throws(JSONError) {
    let count = word.utf8CodeUnitCount
    let isThere = word.withUTF8Buffer { $0.elementsEqual(bytes[offset...].prefix(count)) }
    guard isThere else { throw error("no value begins") }
    offset += count
  }

  private func error(_ message: String) -> JSONError { JSONError(message: message, offset: offset) }
}

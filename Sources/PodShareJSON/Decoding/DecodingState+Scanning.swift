/// One pass over the text, which tells what is where.
///
/// As in Foundation, the inside of strings and numbers is not looked at before they are decoded: what is ignored may be
/// wrong there.
extension DecodingState {
  /// Makes the tokens of the text.
  func scan() throws {
    guard source.count < Int(UInt32.max) / 2 else { throw invalid("it is too long", at: 0) }
    tokens.append(Token(kind: .null, offset: 0, length: 0, link: 0))
    var position = 0
    // The object or array around the value, and how many are open.
    var container = 0
    var depth = 0
    while true {
      // A value.
      try skipSpace(&position)
      switch source[position] {
      case UInt8(ascii: "\""):
        try scanString(&position)
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        guard depth <= JSON.maximumDepth else { throw invalid("it is nested too deep", at: position) }
        open(&container, isObject: source[position] == UInt8(ascii: "{"))
        position &+= 1
        try skipSpace(&position)
        if tokens[container].kind == .object {
          if source[position] != UInt8(ascii: "}") {
            try scanKey(&position, of: container)
            continue
          }
        } else if source[position] != UInt8(ascii: "]") {
          continue
        }
        position &+= 1
        depth &-= 1
        close(&container)
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        scanNumber(&position)
      case UInt8(ascii: "t"): try scan("true", .true, &position)
      case UInt8(ascii: "f"): try scan("false", .false, &position)
      case UInt8(ascii: "n"): try scan("null", .null, &position)
      default: throw invalid("there is no value", at: position)
      }
      // What comes behind it.
      while container != 0 {
        tokens[container].length &+= 1
        try skipSpace(&position)
        let byte = source[position]
        position &+= 1
        let isObject = tokens[container].kind == .object
        if byte == UInt8(ascii: ",") {
          try skipSpace(&position)
          // Foundation takes one comma too many.
          if source[position] != UInt8(ascii: isObject ? "}" : "]") {
            if isObject { try scanKey(&position, of: container) }
            break
          }
          position &+= 1
        } else if byte != UInt8(ascii: isObject ? "}" : "]") {
          throw invalid("there is no comma or closing bracket", at: position - 1)
        }
        depth &-= 1
        close(&container)
      }
      if container == 0 {
        while position < source.count, source[position].isSpace { position &+= 1 }
        guard position == source.count else { throw invalid("there is more behind the value", at: position) }
        return
      }
    }
  }

  // MARK: Objects and arrays

  @inline(__always)
  private func open(_ container: inout Int, isObject: Bool) {
    let ordinal =
      container == 0
      ? 0
      : tokens[container].kind == .object ? UInt32(tokens.count - 1) : tokens[container].length
    let parent = container
    container = tokens.count
    tokens.append(
      Token(
        kind: isObject ? .object : .array, offset: isObject ? UInt32(container + 2) : 0, length: 0, link: 0))
    tokens.append(Token(kind: .extent, offset: UInt32(parent), length: ordinal, link: 0))
  }

  @inline(__always)
  private func close(_ container: inout Int) {
    tokens[container].link = UInt32(truncatingIfNeeded: tokens.count)
    let parent = Int(tokens[container + 1].parent)
    if tokens[container].kind == .object, tokens[container].length > 1 { lookForRepetition(in: container) }
    container = parent
  }

  // MARK: Strings

  @inline(__always)
  private func scanKey(_ position: inout Int, of container: Int) throws {
    guard source[position] == UInt8(ascii: "\"") else { throw invalid("there is no key", at: position) }
    try scanString(&position)
    let key = tokens.count &- 1
    let token = tokens[key]
    tokens[key].link = source.hash(from: Int(token.offset), length: Int(token.length), seed: seed)
    if !token.flags.contains(.isPlain) { tokens[container].flags.insert(.hasOddKeys) }
    try skipSpace(&position)
    guard source[position] == UInt8(ascii: ":") else { throw invalid("there is no colon", at: position) }
    position &+= 1
  }

  @inline(__always)
  private func scanString(_ position: inout Int) throws {
    let start = position &+ 1
    var end = start
    var all: UInt64 = 0
    while end &+ 8 <= source.count {
      let word = source.word(at: end)
      let marks = word.bytesToEscape
      if marks == 0 {
        all |= word
        end &+= 8
      } else {
        // What lies before the first such byte.
        let length = marks.trailingZeroBitCount >> 3
        all |= word & (1 &<< UInt64(truncatingIfNeeded: length &* 8) &- 1)
        end &+= length
        break
      }
    }
    while end < source.count, !source[end].isEscaped {
      all |= UInt64(source[end])
      end &+= 1
    }
    var flags: Token.Flags = all & 0x8080_8080_8080_8080 == 0 ? [.isSimple, .isPlain] : .isSimple
    guard end < source.count else { throw invalid("a string does not end", at: end) }
    if source[end] != UInt8(ascii: "\"") {
      flags = []
      try skipEscapes(&end)
    }
    tokens.append(
      Token(
        kind: .string, flags: flags, offset: UInt32(truncatingIfNeeded: start),
        length: UInt32(truncatingIfNeeded: end &- start), link: 0))
    position = end &+ 1
  }

  /// Goes on to the quote that ends the string.
  @inline(never)
  private func skipEscapes(_ end: inout Int) throws {
    while true {
      end = source.nextToEscape(from: end)
      guard end < source.count, source[end] != UInt8(ascii: "\"") else { break }
      guard source[end] == UInt8(ascii: "\\") else {
        end += 1
        continue
      }
      let isUnicode = end + 1 < source.count && source[end + 1] == UInt8(ascii: "u")
      end += 2
      if isUnicode {
        guard end + 4 <= source.count, !(end..<end + 4).contains(where: { source[$0] == UInt8(ascii: "\"") })
        else { throw invalid("an escape is too short", at: end) }
        end += 4
      }
    }
    guard end < source.count else { throw invalid("a string does not end", at: source.count) }
  }

  // MARK: Other tokens

  @inline(__always)
  private func scanNumber(_ position: inout Int) {
    let start = position
    if source[position] == UInt8(ascii: "-") { position &+= 1 }
    while position < source.count, source[position].isDigit { position &+= 1 }
    var flags: Token.Flags = .isInteger
    while position < source.count, source[position].isOfNumber {
      flags = []
      position &+= 1
    }
    tokens.append(
      Token(
        kind: .number, flags: flags, offset: UInt32(truncatingIfNeeded: start),
        length: UInt32(truncatingIfNeeded: position &- start), link: 0))
  }

  private func scan(_ text: StaticString, _ kind: Token.Kind, _ position: inout Int) throws {
    let length = text.utf8CodeUnitCount
    guard position + length <= source.count else { throw invalid("it ends too early", at: position) }
    for offset in 0..<length {
      guard source[position + offset] == text.utf8Start[offset] else {
        throw invalid("there is no value", at: position + offset)
      }
    }
    tokens.append(Token(kind: kind, offset: 0, length: 0, link: 0))
    position += length
  }

  /// Goes on to a byte that is no white space.
  @inline(__always)
  private func skipSpace(_ position: inout Int) throws {
    while position < source.count {
      if !source[position].isSpace { return }
      position &+= 1
    }
    throw invalid("it ends too early", at: position)
  }
}

extension UInt8 {
  @inline(__always)
  fileprivate var isSpace: Bool {
    self <= 0x20 && (self == 0x20 || self == 0x0a || self == 0x0d || self == 0x09)
  }

  @inline(__always)
  var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }

  /// Whether Foundation takes the byte for a part of a number, which may be wrong all the same.
  @inline(__always)
  fileprivate var isOfNumber: Bool {
    isDigit || self == UInt8(ascii: ".") || self == UInt8(ascii: "e") || self == UInt8(ascii: "E")
      || self == UInt8(ascii: "-") || self == UInt8(ascii: "+")
  }
}

/// Strings, of which the scanner has only found the end.
extension DecodingState {
  /// The text of a string; nil if the token is none.
  @inline(__always)
  func string(_ token: Token) throws -> String? {
    guard token.kind == .string else { return nil }
    return try text(of: token)
  }

  /// The text of a string or key.
  @inline(__always)
  func text(of token: Token) throws -> String {
    if token.flags.contains(.isPlain) { return plainText(of: token) }
    return try textToCheck(of: token)
  }

  @inline(__always)
  func plainText(of token: Token) -> String {
    String(decoding: source.bytes(token), as: UTF8.self)
  }

  @inline(never)
  private func textToCheck(of token: Token) throws -> String {
    let bytes = source.bytes(token)
    if token.flags.contains(.isSimple) {
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw invalid("a string is not UTF-8", at: Int(token.offset))
      }
      return text
    }
    return try unescaped(bytes, at: Int(token.offset))
  }

  private func unescaped(_ text: UnsafeRawBufferPointer, at offset: Int) throws -> String {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var position = 0
    while position < text.count {
      let byte = text[position]
      guard byte >= 0x20 else { throw invalid("a control character is not escaped", at: offset + position) }
      position += 1
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      let escape = text[position]  // The scanner has seen to it that there is one.
      position += 1
      switch escape {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(escape)
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0c)
      case UInt8(ascii: "n"): result.append(0x0a)
      case UInt8(ascii: "r"): result.append(0x0d)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "u"):
        guard let scalar = Self.scalar(in: text, &position) else {
          throw invalid("an escape is no character", at: offset + position)
        }
        result.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrapped)  // Every scalar has an encoding.
      default: throw invalid("there is no such escape", at: offset + position - 1)
      }
    }
    guard let string = String(validating: result, as: UTF8.self) else {
      throw invalid("a string is not UTF-8", at: offset)
    }
    return string
  }

  /// The character of an escape behind its `u`, or of two if it needs a pair of surrogates.
  private static func scalar(in text: UnsafeRawBufferPointer, _ position: inout Int) -> Unicode.Scalar? {
    guard let first = unit(in: text, &position) else { return nil }
    guard UTF16.isLeadSurrogate(first) else { return Unicode.Scalar(first) }
    guard position + 2 <= text.count, text[position] == UInt8(ascii: "\\"),
      text[position + 1] == UInt8(ascii: "u")
    else { return nil }
    position += 2
    guard let second = unit(in: text, &position), UTF16.isTrailSurrogate(second) else { return nil }
    return UTF16.decode(UTF16.EncodedScalar([first, second]))
  }

  private static func unit(in text: UnsafeRawBufferPointer, _ position: inout Int) -> UInt16? {
    guard position + 4 <= text.count else { return nil }
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = text[position].hexDigit else { return nil }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }
}

extension UInt8 {
  fileprivate var hexDigit: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

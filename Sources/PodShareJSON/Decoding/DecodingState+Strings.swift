/// Strings, of which the scanner has only found the end.
extension DecodingState {
  /// The text of a string; nil if the token is none.
  @inline(__always)
  func string(_ token: Token) throws(Malformed) -> String? {
    guard token.kind == .string else { return nil }
    return try text(of: token)
  }

  /// The text of a string or key.
  @inline(__always)
  func text(of token: Token) throws(Malformed) -> String {
    if token.flags.contains(.isPlain) { return plainText(of: token) }
    return try textToCheck(of: token)
  }

  @inline(__always)
  func plainText(of token: Token) -> String {
    String(decoding: source.bytes(token), as: UTF8.self)
  }

  @inline(never)
  private func textToCheck(of token: Token) throws(Malformed) -> String {
    let text =
      token.flags.contains(.isSimple)
      ? String(validating: source.bytes(token), as: UTF8.self)
      : String(validating: try unescaped(token), as: UTF8.self)
    guard let text else { throw Malformed(reason: "a string is not UTF-8", position: Int(token.offset)) }
    return text
  }

  /// The text of a string or key as well as can be told, for an error.
  func repairedText(of token: Token) -> String {
    String(decoding: (try? unescaped(token)) ?? Array(source.bytes(token)), as: UTF8.self)
  }

  /// The text of a string with escapes or control characters, as far as it can be told without asking whether it is UTF-8.
  func unescaped(_ token: Token) throws(Malformed) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(Int(token.length))
    var position = Int(token.offset)
    let end = position + Int(token.length)
    while true {
      let next = min(source.nextToEscape(from: position), end)
      result.append(contentsOf: source.bytes(position..<next))
      guard next < end else { return result }
      guard source[next] == UInt8(ascii: "\\") else {
        throw Malformed(reason: "a control character is not escaped", position: next)
      }
      let escape = source[next + 1]  // The scanner has seen to it that there is one.
      position = next + 2
      switch escape {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(escape)
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0c)
      case UInt8(ascii: "n"): result.append(0x0a)
      case UInt8(ascii: "r"): result.append(0x0d)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "u"):
        guard let scalar = scalar(at: &position, before: end) else {
          throw Malformed(reason: "an escape is no character", position: position)
        }
        result.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrapped)  // Every scalar has an encoding.
      default: throw Malformed(reason: "there is no such escape", position: next + 1)
      }
    }
  }

  /// The character of an escape behind its `u`, or of two if it needs a pair of surrogates.
  private func scalar(at position: inout Int, before end: Int) -> Unicode.Scalar? {
    guard let first = unit(at: &position, before: end) else { return nil }
    guard UTF16.isLeadSurrogate(first) else { return Unicode.Scalar(first) }
    guard position + 2 <= end, source[position] == UInt8(ascii: "\\"),
      source[position + 1] == UInt8(ascii: "u")
    else { return nil }
    position += 2
    guard let second = unit(at: &position, before: end), UTF16.isTrailSurrogate(second) else { return nil }
    return UTF16.decode(UTF16.EncodedScalar([first, second]))
  }

  private func unit(at position: inout Int, before end: Int) -> UInt16? {
    guard position + 4 <= end else { return nil }
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = source[position].hexDigit else { return nil }
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

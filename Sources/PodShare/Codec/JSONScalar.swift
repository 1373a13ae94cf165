import NIOCore

/// A value whose JSON is one token, written and read without an encoder.
///
/// Both directions may decline, and Foundation's encoder or decoder then decides: whether `1e2` is an integer, what
/// an escape means, that infinity is no JSON.
protocol JSONScalar: SendableMetatype {
  /// Appends the value's JSON; false if it must be left to the encoder.
  func writeJSON(into buffer: inout ByteBuffer) -> Bool

  /// Nil if the bytes are not in the plainest form.
  init?(json: ByteBuffer)
}

extension JSONScalar where Self: FixedWidthInteger {
  func writeJSON(into buffer: inout ByteBuffer) -> Bool {
    buffer.writeString(String(self))
    return true
  }

  init?(json: ByteBuffer) {
    let bytes = json.readableBytesView
    let isNegative = bytes.first == UInt8(ascii: "-")
    let digits = isNegative ? bytes.dropFirst() : bytes
    guard let first = digits.first, first != UInt8(ascii: "0") || digits.count == 1 else { return nil }
    var number: Self = 0
    for byte in digits {
      guard case UInt8(ascii: "0")...UInt8(ascii: "9") = byte else { return nil }
      let digit = Self(byte - UInt8(ascii: "0"))
      let (product, tooLarge) = number.multipliedReportingOverflow(by: 10)
      let (sum, carried) =
        isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
      guard !tooLarge, !carried else { return nil }
      number = sum
    }
    self = number
  }
}

extension Int: JSONScalar {}
extension Int8: JSONScalar {}
extension Int16: JSONScalar {}
extension Int32: JSONScalar {}
extension Int64: JSONScalar {}
extension UInt: JSONScalar {}
extension UInt8: JSONScalar {}
extension UInt16: JSONScalar {}
extension UInt32: JSONScalar {}
extension UInt64: JSONScalar {}

extension JSONScalar where Self: BinaryFloatingPoint & LosslessStringConvertible {
  func writeJSON(into buffer: inout ByteBuffer) -> Bool {
    guard isFinite else { return false }
    let text = description  // The shortest digits that read back as the same number.
    buffer.writeString(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
    return true
  }

  init?(json: ByteBuffer) {
    let bytes = json.readableBytesView
    let digits = bytes.first == UInt8(ascii: "-") ? bytes.dropFirst() : bytes
    // Plain decimals only: `012`, `.5`, `0x1p3` and `nan` are for the decoder to refuse.
    guard let first = digits.first, UInt8(ascii: "0")...UInt8(ascii: "9") ~= first else { return nil }
    if first == UInt8(ascii: "0"), digits.count > 1, digits.dropFirst().first != UInt8(ascii: ".") {
      return nil
    }
    var points = 0
    for byte in digits {
      if byte == UInt8(ascii: ".") {
        points += 1
      } else if !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte) {
        return nil
      }
    }
    guard points <= 1, digits.last != UInt8(ascii: ".") else { return nil }
    // Out of range reads as infinity or nothing; the decoder refuses both.
    guard let number = Self(String(decoding: bytes, as: UTF8.self)), number.isFinite,
      !number.isZero || digits.allSatisfy({ $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: ".") })
    else { return nil }
    self = number
  }
}

extension Double: JSONScalar {}
extension Float: JSONScalar {}

extension Bool: JSONScalar {
  func writeJSON(into buffer: inout ByteBuffer) -> Bool {
    buffer.writeStaticString(self ? "true" : "false")
    return true
  }

  init?(json: ByteBuffer) {
    if json.readableBytesView.elementsEqual("true".utf8) {
      self = true
    } else if json.readableBytesView.elementsEqual("false".utf8) {
      self = false
    } else {
      return nil
    }
  }
}

extension String: JSONScalar {
  private static var quote: UInt8 { UInt8(ascii: "\"") }

  func writeJSON(into buffer: inout ByteBuffer) -> Bool {
    for byte in utf8 where byte < 0x20 || byte == Self.quote || byte == UInt8(ascii: "\\") { return false }
    buffer.writeInteger(Self.quote)
    buffer.writeString(self)
    buffer.writeInteger(Self.quote)
    return true
  }

  init?(json: ByteBuffer) {
    let bytes = json.readableBytesView
    guard bytes.count >= 2, bytes.first == Self.quote, bytes.last == Self.quote else { return nil }
    let text = bytes.dropFirst().dropLast()
    for byte in text where byte < 0x20 || byte == Self.quote || byte == UInt8(ascii: "\\") { return nil }
    guard let string = String(validating: text, as: UTF8.self) else { return nil }
    self = string
  }
}

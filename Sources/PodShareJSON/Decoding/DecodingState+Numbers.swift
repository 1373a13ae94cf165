import Foundation

/// Numbers, of which the scanner has only found the end.
extension DecodingState {
  // MARK: Integers

  /// The value of a number; nil if the token is none.
  @inline(__always)
  func integer<Value: FixedWidthInteger & Decodable>(_ token: Token) throws(Malformed) -> Value? {
    guard token.kind == .number else { return nil }
    guard token.flags.contains(.isInteger), token.length <= 18 else { return try longInteger(token) }
    var position = Int(token.offset)
    let end = position &+ Int(token.length)
    let isNegative = source[position] == UInt8(ascii: "-")
    if isNegative { position &+= 1 }
    guard position < end, source[position] != UInt8(ascii: "0") || position &+ 1 == end else {
      throw Malformed(reason: "a number is malformed", position: position)
    }
    var magnitude: Int64 = 0
    while position < end {
      magnitude = magnitude &* 10 &+ Int64(source[position] &- UInt8(ascii: "0"))
      position &+= 1
    }
    guard let value = Value(exactly: isNegative ? 0 &- magnitude : magnitude) else {
      throw unfit(token, for: Value.self)
    }
    return value
  }

  @inline(never)
  private func longInteger<Value: FixedWidthInteger & Decodable>(_ token: Token) throws(Malformed) -> Value {
    let number = try parse(token)
    if token.flags.contains(.isInteger) {
      var value: Value = 0
      for byte in source.bytes(token) where byte != UInt8(ascii: "-") {
        let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
        let digit = Value(byte - UInt8(ascii: "0"))
        let (sum, isOver) =
          number.isNegative
          ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
        guard !isTooLarge, !isOver else { throw unfit(token, for: Value.self) }
        value = sum
      }
      return value
    }
    // Foundation takes what is an integer by value, such as `1e3`.
    let double = try double(of: number, token)
    if double.magnitude < 9_007_199_254_740_992 {
      guard let value = Value(exactly: double) else { throw unfit(token, for: Value.self) }
      return value
    }
    // It has rules of its own for those that a `Double` may not tell apart.
    return try foundationNumber(Value.self, token)
  }

  // MARK: Floating point

  /// The value of a number; nil if the token is none.
  func double(_ token: Token) throws(Malformed) -> Double? {
    guard token.kind == .number else { return nil }
    let number = try parse(token)
    return try checked(try double(of: number, token), number, token)
  }

  private func double(of number: Number, _ token: Token) throws(Malformed) -> Double {
    // Both are exact, so the result is rounded once.
    if number.isExact, number.magnitude <= 1 << 53, abs(number.exponent) < Self.powers.count {
      let magnitude = Double(number.magnitude)
      let power = Self.powers[abs(number.exponent)]
      let value = number.exponent < 0 ? magnitude / power : magnitude * power
      return number.isNegative ? -value : value
    }
    guard let value = Double(String(decoding: source.bytes(token), as: UTF8.self)) else {
      throw unfit(token, for: Double.self)
    }
    return value
  }

  /// The value of a number; nil if the token is none.
  func float(_ token: Token) throws(Malformed) -> Float? {
    guard token.kind == .number else { return nil }
    let number = try parse(token)
    if number.isExact, number.magnitude <= 1 << 24, abs(number.exponent) <= 10 {
      let magnitude = Float(number.magnitude)
      let power = Float(Self.powers[abs(number.exponent)])
      let value = number.exponent < 0 ? magnitude / power : magnitude * power
      return number.isNegative ? -value : value
    }
    guard let value = Float(String(decoding: source.bytes(token), as: UTF8.self)) else {
      throw unfit(token, for: Float.self)
    }
    return try checked(value, number, token)
  }

  private func checked<Value: BinaryFloatingPoint>(
    _ value: Value, _ number: Number, _ token: Token
  ) throws(Malformed) -> Value {
    guard value.isFinite, value != 0 || number.isZero else { throw unfit(token, for: Value.self) }
    return value
  }

  /// Powers of ten that a `Double` holds exactly; the first eleven a `Float` does too.
  private static let powers: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
  ]

  // MARK: The text of a number

  /// A number as it is written.
  private struct Number {
    var isNegative = false
    /// Its first digits, as many as there is room for, and how often they are to be multiplied by ten.
    var magnitude: UInt64 = 0
    var exponent = 0
    /// Whether these are all digits.
    var isExact = true
    var isZero: Bool { magnitude == 0 && isExact }
  }

  private func parse(_ token: Token) throws(Malformed) -> Number {
    var number = Number()
    var position = Int(token.offset)
    let end = position + Int(token.length)
    /// Reads digits; false if there is none.
    func digits(scale: Int) -> Bool {
      let start = position
      while position < end, source[position].isDigit {
        let digit = UInt64(source[position] &- UInt8(ascii: "0"))
        if number.magnitude < 1_000_000_000_000_000_000, number.isExact {
          number.magnitude = number.magnitude &* 10 &+ digit
          number.exponent -= scale
        } else {
          // A zero is dropped before the point only, where it counts for the exponent.
          number.isExact = false
        }
        position &+= 1
      }
      return position > start
    }
    func next(_ byte: UInt8) -> Bool {
      guard position < end, source[position] == byte else { return false }
      position &+= 1
      return true
    }
    number.isNegative = next(UInt8(ascii: "-"))
    if next(UInt8(ascii: "0")) {
      if position < end, source[position].isDigit {
        throw Malformed(reason: "a number begins with 0", position: position)
      }
    } else if !digits(scale: 0) {
      throw Malformed(reason: "a number is malformed", position: position)
    }
    if next(UInt8(ascii: ".")), !digits(scale: 1) {
      throw Malformed(reason: "a number is malformed", position: position)
    }
    if next(UInt8(ascii: "e")) || next(UInt8(ascii: "E")) {
      let isNegative = next(UInt8(ascii: "-"))
      if !isNegative { _ = next(UInt8(ascii: "+")) }
      let start = position
      var exponent = 0
      while position < end, source[position].isDigit {
        exponent = min(exponent * 10 + Int(source[position] - UInt8(ascii: "0")), 1_000_000)
        position &+= 1
      }
      guard position > start else { throw Malformed(reason: "a number is malformed", position: position) }
      number.exponent += isNegative ? -exponent : exponent
    }
    guard position == end else { throw Malformed(reason: "a number is malformed", position: position) }
    return number
  }

  /// The value of a number, as exact as a `Decimal` can be; nil if the token is none.
  func decimal(_ token: Token) throws(Malformed) -> Decimal? {
    guard token.kind == .number else { return nil }
    _ = try parse(token)
    guard let value = Decimal(string: String(decoding: source.bytes(token), as: UTF8.self)) else {
      throw unfit(token, for: Decimal.self)
    }
    return value
  }

  /// Leaves it to Foundation what a number is.
  private func foundationNumber<Value: Decodable>(_ type: Value.Type, _ token: Token) throws(Malformed)
    -> Value
  {
    do {
      return try JSONDecoder().decode(type, from: Data(source.bytes(token)))
    } catch {
      throw unfit(token, for: Value.self)
    }
  }

  private func unfit(_ token: Token, for type: any Any.Type) -> Malformed {
    let number = String(decoding: source.bytes(token), as: UTF8.self)
    return Malformed(number: number, isNo: type, position: Int(token.offset))
  }
}

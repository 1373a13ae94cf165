import Foundation

/// Values that are one token of JSON.
extension EncodingState {
  /// Whether a value of this type is written without being asked to encode itself.
  static func isToken<Value>(_: Value.Type) -> Bool {
    Value.self == String.self || Value.self == Int.self || Value.self == Double.self
      || Value.self == Bool.self
      || Value.self == Int64.self || Value.self == UInt64.self || Value.self == Int32.self
      || Value.self == Float.self || Value.self == UInt.self || Value.self == UInt32.self
      || Value.self == UInt8.self || Value.self == Int8.self || Value.self == Int16.self
      || Value.self == UInt16.self || Value.self == Int128.self || Value.self == UInt128.self
      || Value.self == Data.self || Value.self == URL.self || Value.self == Decimal.self
  }

  /// Writes a value that is a token; false if it is none.
  @inline(__always)
  func writeToken<Value>(
    _ value: Value, in id: Record.ID, _ key: @autoclosure () -> (any CodingKey)?
  ) throws -> Bool {
    if Value.self == String.self {
      output.write(same(value, as: String.self))
      return true
    }
    if Value.self == Int.self {
      output.write(same(value, as: Int.self))
      return true
    }
    if Value.self == Double.self {
      let number = same(value, as: Double.self)
      guard number.isFinite else { throw notEncodable(number, in: id, key()) }
      output.write(number)
      return true
    }
    if Value.self == Bool.self {
      output.write(same(value, as: Bool.self))
      return true
    }
    if Value.self == Int64.self {
      output.write(same(value, as: Int64.self))
      return true
    }
    if Value.self == UInt64.self {
      output.write(same(value, as: UInt64.self))
      return true
    }
    if Value.self == Int32.self {
      output.write(same(value, as: Int32.self))
      return true
    }
    if Value.self == Float.self {
      let number = same(value, as: Float.self)
      guard number.isFinite else { throw notEncodable(number, in: id, key()) }
      output.write(number)
      return true
    }
    if Value.self == UInt.self {
      output.write(same(value, as: UInt.self))
      return true
    }
    if Value.self == UInt32.self {
      output.write(same(value, as: UInt32.self))
      return true
    }
    if Value.self == UInt8.self {
      output.write(same(value, as: UInt8.self))
      return true
    }
    if Value.self == Int8.self {
      output.write(same(value, as: Int8.self))
      return true
    }
    if Value.self == Int16.self {
      output.write(same(value, as: Int16.self))
      return true
    }
    if Value.self == UInt16.self {
      output.write(same(value, as: UInt16.self))
      return true
    }
    if Value.self == Int128.self {
      output.write(same(value, as: Int128.self))
      return true
    }
    if Value.self == UInt128.self {
      output.write(same(value, as: UInt128.self))
      return true
    }
    return try writeFoundationToken(value, in: id, key())
  }

  /// Foundation's own types of which its encoder makes something else than they do themselves.
  private func writeFoundationToken<Value>(
    _ value: Value, in id: Record.ID, _ key: @autoclosure () -> (any CodingKey)?
  ) throws -> Bool {
    if Value.self == Data.self, let data = value as? Data {
      output.write(data.base64EncodedString())
    } else if Value.self == URL.self, let url = value as? URL {
      output.write(url.absoluteString)
    } else if Value.self == Decimal.self, let decimal = value as? Decimal {
      guard !decimal.isNaN else { throw notEncodable(decimal, in: id, key()) }
      output.append(plain: decimal.description)
    } else {
      return false
    }
    return true
  }

  @inline(never)
  func notEncodable<Value>(_ value: Value, in id: Record.ID, _ key: (any CodingKey)?) -> EncodingError {
    var path = path(of: id)
    if let key { path.append(key) }
    let description = "Unable to encode \(Value.self).\(value) directly in JSON."
    return .invalidValue(value, .init(codingPath: path, debugDescription: description))
  }
}

extension Output {
  // MARK: Tokens

  @inline(__always)
  mutating func write(_ value: Bool) {
    if value { append("true") } else { append("false") }
  }

  @inline(__always)
  mutating func write(_ value: String) {
    append(quoted: value)
  }

  @inline(__always)
  mutating func write(_ value: some FixedWidthInteger) {
    append(value)
  }

  mutating func write(_ value: Int128) {
    append(plain: value.description)
  }

  mutating func write(_ value: UInt128) {
    append(plain: value.description)
  }

  mutating func write(_ value: Double) {
    append(number: value.description)
  }

  mutating func write(_ value: Float) {
    append(number: value.description)
  }

  /// Appends the shortest digits that read back as the same number; integers without a point.
  private mutating func append(number text: String) {
    append(plain: text)
    if count >= 2, self[count - 1] == UInt8(ascii: "0"), self[count - 2] == UInt8(ascii: ".") {
      truncate(to: count - 2)
    }
  }
}

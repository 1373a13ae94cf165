import Foundation

/// Values of any type.
extension DecodingState {
  /// Makes a value of any type.
  func value<Value: Decodable>(_ type: Value.Type, at decoder: ValueDecoder) throws -> Value {
    let place = Int(decoder.place)
    let token = tokens[place]
    if Value.self == String.self { return try found(try read(String.self, token), type, token, decoder) }
    if Value.self == Int.self { return try found(try read(Int.self, token), type, token, decoder) }
    if Value.self == Double.self { return try found(try read(Double.self, token), type, token, decoder) }
    if Value.self == Bool.self { return try found(try read(Bool.self, token), type, token, decoder) }
    if Value.self == Int64.self { return try found(try read(Int64.self, token), type, token, decoder) }
    if Value.self == UInt64.self { return try found(try read(UInt64.self, token), type, token, decoder) }
    if Value.self == Int32.self { return try found(try read(Int32.self, token), type, token, decoder) }
    if Value.self == Float.self { return try found(try read(Float.self, token), type, token, decoder) }
    if Value.self == UInt.self { return try found(try read(UInt.self, token), type, token, decoder) }
    if Value.self == UInt32.self { return try found(try read(UInt32.self, token), type, token, decoder) }
    if Value.self == UInt8.self { return try found(try read(UInt8.self, token), type, token, decoder) }
    if Value.self == Int8.self { return try found(try read(Int8.self, token), type, token, decoder) }
    if Value.self == Int16.self { return try found(try read(Int16.self, token), type, token, decoder) }
    if Value.self == UInt16.self { return try found(try read(UInt16.self, token), type, token, decoder) }
    if Value.self == Int128.self { return try found(try read(Int128.self, token), type, token, decoder) }
    if Value.self == UInt128.self { return try found(try read(UInt128.self, token), type, token, decoder) }
    if Value.self == Date.self || Value.self == Data.self || Value.self == URL.self
      || Value.self == Decimal.self
    {
      return try foundationValue(type, token, decoder)
    }
    if Value.self == [String].self, let values = elements(at: place, { try? read(String.self, $0) }) {
      return same(values, as: type)
    }
    if Value.self == [String: String].self, let values = members(at: place, { try? read(String.self, $0) }) {
      return same(values, as: type)
    }
    if Value.self == [Int].self, let values = elements(at: place, { try? read(Int.self, $0) }) {
      return same(values, as: type)
    }
    if Value.self == [String: Int].self, let values = members(at: place, { try? read(Int.self, $0) }) {
      return same(values, as: type)
    }
    if Value.self == [Double].self, let values = elements(at: place, { try? read(Double.self, $0) }) {
      return same(values, as: type)
    }
    if Value.self == [String: Double].self, let values = members(at: place, { try? read(Double.self, $0) }) {
      return same(values, as: type)
    }
    if Value.self == [Bool].self, let values = elements(at: place, { try? read(Bool.self, $0) }) {
      return same(values, as: type)
    }
    if Value.self == [String: Bool].self, let values = members(at: place, { try? read(Bool.self, $0) }) {
      return same(values, as: type)
    }
    visit(place)
    return try Value(from: decoder)
  }

  /// The same for one of the types that are known here.
  @inline(__always)
  private func found<Found, Value>(
    _ read: @autoclosure () throws(Malformed) -> Found?, _ type: Value.Type, _ token: Token,
    _ decoder: ValueDecoder
  ) throws -> Value {
    same(try found(try read(), token, at: decoder.codingPath), as: type)
  }

  /// Foundation's own types of which its decoder makes something else than they do themselves.
  private func foundationValue<Value: Decodable>(
    _ type: Value.Type, _ token: Token, _ decoder: ValueDecoder
  ) throws -> Value {
    if Value.self == Data.self { return same(try data(token, decoder), as: type) }
    if Value.self == URL.self { return same(try url(token, decoder), as: type) }
    if Value.self == Decimal.self { return same(try decimal(token, decoder), as: type) }
    if token.kind == .null { throw mismatch(type, token, decoder.codingPath) }
    return try Value(from: decoder)
  }

  private func data(_ token: Token, _ decoder: ValueDecoder) throws -> Data {
    if token.kind == .null { throw mismatch(Data.self, token, decoder.codingPath) }
    let text = try found(try string(token), token, at: decoder.codingPath)
    guard let data = Data(base64Encoded: text) else {
      throw corrupted("Encountered Data is not valid Base64.", decoder)
    }
    return data
  }

  private func url(_ token: Token, _ decoder: ValueDecoder) throws -> URL {
    if token.kind == .null { throw mismatch(URL.self, token, decoder.codingPath) }
    let text = try found(try string(token), token, at: decoder.codingPath)
    guard let url = URL(string: text) else { throw corrupted("Invalid URL string.", decoder) }
    return url
  }

  private func decimal(_ token: Token, _ decoder: ValueDecoder) throws -> Decimal {
    try found(try decimal(token), token, at: decoder.codingPath)
  }

  private func corrupted(_ description: String, _ decoder: ValueDecoder) -> DecodingError {
    .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: description))
  }
}

extension DecodingState {
  // MARK: Tokens

  /// Nil if the token is no boolean.
  @inline(__always)
  func read(_: Bool.Type, _ token: Token) throws(Malformed) -> Bool? {
    switch token.kind {
    case .true: true
    case .false: false
    default: nil
    }
  }

  /// Nil if the token is no string.
  @inline(__always)
  func read(_: String.Type, _ token: Token) throws(Malformed) -> String? { try string(token) }

  /// Nil if the token is no number.
  @inline(__always)
  func read(_: Double.Type, _ token: Token) throws(Malformed) -> Double? { try double(token) }

  /// Nil if the token is no number.
  @inline(__always)
  func read(_: Float.Type, _ token: Token) throws(Malformed) -> Float? { try float(token) }

  /// Nil if the token is no number.
  @inline(__always)
  func read<Value: FixedWidthInteger & Decodable>(_: Value.Type, _ token: Token) throws(Malformed) -> Value? {
    try integer(token)
  }
}

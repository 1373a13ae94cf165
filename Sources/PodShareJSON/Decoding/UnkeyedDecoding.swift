/// An array that is being read.
struct UnkeyedDecoding: UnkeyedDecodingContainer {
  private let state: DecodingState
  /// The place of the array's token, and of the element that is next.
  private let array: Int32
  private var next: Int32
  private var index: Int32 = 0

  init(state: DecodingState, array: Int) {
    self.state = state
    self.array = Int32(truncatingIfNeeded: array)
    next = self.array + 2
  }

  var codingPath: [any CodingKey] { state.path(ofContainer: Int(array)) }
  var count: Int? { Int(state.tokens[Int(array)].length) }
  var isAtEnd: Bool { index >= state.tokens[Int(array)].length }
  var currentIndex: Int { Int(index) }

  // MARK: Elements

  /// The token of the element that is next.
  @inline(__always)
  private func token(_ type: any Any.Type) throws -> Token {
    guard !isAtEnd else { throw ended(type) }
    return state.tokens[Int(next)]
  }

  @inline(never)
  private func ended(_ type: any Any.Type) -> DecodingError {
    let context = DecodingError.Context(
      codingPath: elementPath, debugDescription: "Unkeyed container is at end.")
    return .valueNotFound(type, context)
  }

  private var elementPath: [any CodingKey] { codingPath + [JSONKey(index: currentIndex)] }

  /// Steps behind the element that is next.
  @inline(__always)
  private mutating func advance() {
    let token = state.tokens[Int(next)]
    next =
      token.kind == .object || token.kind == .array ? Int32(truncatingIfNeeded: token.link) : next &+ 1
    index &+= 1
    let read = UInt32(truncatingIfNeeded: index)
    if state.tokens[Int(array)].offset < read { state.tokens[Int(array)].offset = read }
  }

  private var decoder: ValueDecoder {
    ValueDecoder(state: state, place: Int(next), parent: Int(array), ordinal: Int(index))
  }

  // MARK: Values

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    guard !isAtEnd else { throw ended(type) }
    let value = try state.value(type, at: decoder)
    advance()
    return value
  }

  // MARK: Containers

  mutating func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type
  ) throws -> KeyedDecodingContainer<NestedKey> {
    guard !isAtEnd else { throw ended(KeyedDecodingContainer<NestedKey>.self) }
    state.visit(Int(next))
    let container = try decoder.container(keyedBy: type)
    advance()
    return container
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard !isAtEnd else { throw ended((any UnkeyedDecodingContainer).self) }
    state.visit(Int(next))
    let container = try decoder.unkeyedContainer()
    advance()
    return container
  }

  mutating func superDecoder() throws -> any Decoder {
    guard !isAtEnd else { throw ended((any Decoder).self) }
    state.visit(Int(next))
    let decoder = decoder
    advance()
    return decoder
  }

  // MARK: Tokens

  mutating func decodeNil() throws -> Bool {
    guard try token(Never.self).kind == .null else { return false }
    advance()
    return true
  }

  mutating func decode(_ type: Bool.Type) throws -> Bool {
    let token = try token(type)
    let value = try state.found(try state.read(type, token), token, at: elementPath)
    advance()
    return value
  }

  mutating func decode(_ type: String.Type) throws -> String {
    let token = try token(type)
    let value = try state.found(try state.read(type, token), token, at: elementPath)
    advance()
    return value
  }

  mutating func decode(_ type: Double.Type) throws -> Double {
    let token = try token(type)
    let value = try state.found(try state.read(type, token), token, at: elementPath)
    advance()
    return value
  }

  mutating func decode(_ type: Float.Type) throws -> Float {
    let token = try token(type)
    let value = try state.found(try state.read(type, token), token, at: elementPath)
    advance()
    return value
  }

  mutating func decode(_ type: Int.Type) throws -> Int {
    let token = try token(type)
    let value = try state.found(try state.read(type, token), token, at: elementPath)
    advance()
    return value
  }

  mutating func decode(_ type: Int8.Type) throws -> Int8 {
    let token = try token(type)
    let value = try state.found(try state.read(type, token), token, at: elementPath)
    advance()
    return value
  }

  mutating func decode(_ type: Int16.Type) throws -> Int16 {
    let token = try token(type)
    let value = try state.found(try state.read(type, token), token, at: elementPath)
    advance()
    return value
  }

  mutating func decode(_ type: Int32.Type) throws -> Int32 {
    let token = try token(type)
    let value = try state.found(try state.read(type, token), token, at: elementPath)
    advance()
    return value
  }

  mutating func decode(_ type: Int64.Type) throws -> Int64 {
    let token = try token(type)
    let value = try state.found(try state.read(type, token), token, at: elementPath)
    advance()
    return value
  }

  mutating func decode(_ type: Int128.Type) throws -> Int128 {
    let token = try token(type)
    let value = try state.found(try state.read(type, token), token, at: elementPath)
    advance()
    return value
  }

  mutating func decode(_ type: UInt.Type) throws -> UInt {
    let token = try token(type)
    let value = try state.found(try state.read(type, token), token, at: elementPath)
    advance()
    return value
  }

  mutating func decode(_ type: UInt8.Type) throws -> UInt8 {
    let token = try token(type)
    let value = try state.found(try state.read(type, token), token, at: elementPath)
    advance()
    return value
  }

  mutating func decode(_ type: UInt16.Type) throws -> UInt16 {
    let token = try token(type)
    let value = try state.found(try state.read(type, token), token, at: elementPath)
    advance()
    return value
  }

  mutating func decode(_ type: UInt32.Type) throws -> UInt32 {
    let token = try token(type)
    let value = try state.found(try state.read(type, token), token, at: elementPath)
    advance()
    return value
  }

  mutating func decode(_ type: UInt64.Type) throws -> UInt64 {
    let token = try token(type)
    let value = try state.found(try state.read(type, token), token, at: elementPath)
    advance()
    return value
  }

  mutating func decode(_ type: UInt128.Type) throws -> UInt128 {
    let token = try token(type)
    let value = try state.found(try state.read(type, token), token, at: elementPath)
    advance()
    return value
  }
}

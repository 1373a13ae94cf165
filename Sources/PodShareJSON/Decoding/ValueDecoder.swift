/// The decoder of one value, which is also its container if it is a single value.
struct ValueDecoder: Decoder, SingleValueDecodingContainer {
  let state: DecodingState
  /// The place of the value's token.
  let place: Int32
  /// The place of the object or array around it; 0 if there is none.
  let parent: Int32
  /// In an array: its index. In an object: the place of its key, or what stands for the key of a missing member.
  let ordinal: Int32

  init(state: DecodingState, place: Int, parent: Int, ordinal: Int) {
    self.state = state
    self.place = Int32(truncatingIfNeeded: place)
    self.parent = Int32(truncatingIfNeeded: parent)
    self.ordinal = Int32(truncatingIfNeeded: ordinal)
  }

  var codingPath: [any CodingKey] { state.path(parent: Int(parent), ordinal: Int(ordinal)) }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  // MARK: Containers

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    let place = Int(place)
    guard state.tokens[place].kind == .object else {
      throw state.mismatch([String: Any].self, state.tokens[place], codingPath)
    }
    try state.open(place, by: type)
    return KeyedDecodingContainer(KeyedDecoding<Key>(state: state, object: place))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    let place = Int(place)
    guard state.tokens[place].kind == .array else {
      throw state.mismatch([Any].self, state.tokens[place], codingPath)
    }
    state.tokens[place].flags.insert(.isOpened)
    return UnkeyedDecoding(state: state, array: place)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { self }

  // MARK: A single value

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try state.value(type, at: self)
  }

  func decodeNil() -> Bool {
    state.tokens[Int(place)].kind == .null
  }

  func decode(_ type: Bool.Type) throws -> Bool {
    let token = state.tokens[Int(place)]
    return try state.found(try state.read(type, token), token, at: codingPath)
  }

  func decode(_ type: String.Type) throws -> String {
    let token = state.tokens[Int(place)]
    return try state.found(try state.read(type, token), token, at: codingPath)
  }

  func decode(_ type: Double.Type) throws -> Double {
    let token = state.tokens[Int(place)]
    return try state.found(try state.read(type, token), token, at: codingPath)
  }

  func decode(_ type: Float.Type) throws -> Float {
    let token = state.tokens[Int(place)]
    return try state.found(try state.read(type, token), token, at: codingPath)
  }

  func decode(_ type: Int.Type) throws -> Int {
    let token = state.tokens[Int(place)]
    return try state.found(try state.read(type, token), token, at: codingPath)
  }

  func decode(_ type: Int8.Type) throws -> Int8 {
    let token = state.tokens[Int(place)]
    return try state.found(try state.read(type, token), token, at: codingPath)
  }

  func decode(_ type: Int16.Type) throws -> Int16 {
    let token = state.tokens[Int(place)]
    return try state.found(try state.read(type, token), token, at: codingPath)
  }

  func decode(_ type: Int32.Type) throws -> Int32 {
    let token = state.tokens[Int(place)]
    return try state.found(try state.read(type, token), token, at: codingPath)
  }

  func decode(_ type: Int64.Type) throws -> Int64 {
    let token = state.tokens[Int(place)]
    return try state.found(try state.read(type, token), token, at: codingPath)
  }

  func decode(_ type: Int128.Type) throws -> Int128 {
    let token = state.tokens[Int(place)]
    return try state.found(try state.read(type, token), token, at: codingPath)
  }

  func decode(_ type: UInt.Type) throws -> UInt {
    let token = state.tokens[Int(place)]
    return try state.found(try state.read(type, token), token, at: codingPath)
  }

  func decode(_ type: UInt8.Type) throws -> UInt8 {
    let token = state.tokens[Int(place)]
    return try state.found(try state.read(type, token), token, at: codingPath)
  }

  func decode(_ type: UInt16.Type) throws -> UInt16 {
    let token = state.tokens[Int(place)]
    return try state.found(try state.read(type, token), token, at: codingPath)
  }

  func decode(_ type: UInt32.Type) throws -> UInt32 {
    let token = state.tokens[Int(place)]
    return try state.found(try state.read(type, token), token, at: codingPath)
  }

  func decode(_ type: UInt64.Type) throws -> UInt64 {
    let token = state.tokens[Int(place)]
    return try state.found(try state.read(type, token), token, at: codingPath)
  }

  func decode(_ type: UInt128.Type) throws -> UInt128 {
    let token = state.tokens[Int(place)]
    return try state.found(try state.read(type, token), token, at: codingPath)
  }
}

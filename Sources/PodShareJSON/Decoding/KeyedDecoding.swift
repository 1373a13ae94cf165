/// An object that is being read.
struct KeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let state: DecodingState
  /// The place of the object's token.
  let object: Int

  var codingPath: [any CodingKey] { state.path(ofContainer: object) }

  // MARK: Keys

  var allKeys: [Key] {
    state.know(allOf: Key.self, in: object)
    var keys: [Key] = []
    keys.reserveCapacity(Int(state.tokens[object].length))
    state.forEachKey(of: object) { name, _ in
      if let key = Key(stringValue: name) { keys.append(key) }
    }
    return keys
  }

  func contains(_ key: Key) -> Bool {
    state.find(key.stringValue, in: object) > 0
  }

  /// The place of a member's value.
  @inline(__always)
  private func place(of key: Key) throws -> Int {
    let place = state.findNext(key.stringValue, in: object)
    guard place > 0 else { throw missing(key) }
    return place &+ 1
  }

  /// The place of a member's value; nil if there is none, or null.
  @inline(__always)
  private func placeIfPresent(of key: Key) -> Int? {
    let place = state.findNext(key.stringValue, in: object)
    return place > 0 && state.tokens[place &+ 1].kind != .null ? place &+ 1 : nil
  }

  @inline(never)
  private func missing(_ key: Key) -> DecodingError {
    let description = "No value associated with key \(key) (\"\(key.stringValue)\")."
    return .keyNotFound(key, .init(codingPath: codingPath, debugDescription: description))
  }

  /// What a member was found to say, if it is of the right kind.
  // Errors are made apart, lest what they need is there for every member.
  @inline(__always)
  private func found<Value>(
    _ read: @autoclosure () throws(DecodingState.Malformed) -> Value?, _ place: Int, _ key: Key
  ) throws -> Value {
    let value: Value?
    do throws(DecodingState.Malformed) {
      value = try read()
    } catch {
      throw malformed(error, place, key)
    }
    guard let value else { throw mismatch(Value.self, place, key) }
    return value
  }

  // The type may go on without it; what is in it has not been read then.

  @inline(never)
  private func malformed(_ error: DecodingState.Malformed, _ place: Int, _ key: Key) -> DecodingError {
    state.visit(place)
    return state.corrupted(error, path: codingPath + [key])
  }

  @inline(never)
  private func mismatch(_ type: any Any.Type, _ place: Int, _ key: Key) -> DecodingError {
    state.visit(place)
    return state.mismatch(type, state.tokens[place], codingPath + [key])
  }

  // MARK: Values

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try decode(type, at: try place(of: key), key)
  }

  func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
    guard let place = placeIfPresent(of: key) else { return nil }
    return try decode(type, at: place, key)
  }

  @inline(__always)
  private func decode<Value: Decodable>(_ type: Value.Type, at place: Int, _ key: Key) throws -> Value {
    do {
      return try state.value(type, at: decoder(at: place))
    } catch let error as DecodingError {
      state.visit(place)
      throw error.naming(key, at: state.depth(ofContainer: object))
    }
  }

  @inline(__always)
  private func decoder(at place: Int) -> ValueDecoder {
    ValueDecoder(state: state, place: place, parent: object, ordinal: place &- 1)
  }

  // MARK: Containers

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<NestedKey> {
    try nested(key) { try $0.container(keyedBy: type) }
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try nested(key) { try $0.unkeyedContainer() }
  }

  @inline(__always)
  private func nested<Container>(_ key: Key, _ open: (ValueDecoder) throws -> Container) throws -> Container {
    let place = try place(of: key)
    state.visit(place)
    do {
      return try open(decoder(at: place))
    } catch let error as DecodingError {
      throw error.naming(key, at: state.depth(ofContainer: object))
    }
  }

  func superDecoder() -> any Decoder { superDecoder(JSONKey.super) }
  func superDecoder(forKey key: Key) -> any Decoder { superDecoder(key) }

  private func superDecoder(_ key: some CodingKey) -> any Decoder {
    let place = state.findNext(key.stringValue, in: object)
    guard place > 0 else {
      state.missingKeys.append(key)
      return ValueDecoder(
        state: state, place: DecodingState.missing, parent: object, ordinal: -state.missingKeys.count)
    }
    state.visit(place + 1)
    return decoder(at: place + 1)
  }

  // MARK: Tokens

  func decodeNil(forKey key: Key) throws -> Bool {
    let place = state.find(key.stringValue, in: object)
    guard place > 0 else { throw missing(key) }
    return state.tokens[place + 1].kind == .null
  }

  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
    let place = try place(of: key)
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
    guard let place = placeIfPresent(of: key) else { return nil }
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decode(_ type: String.Type, forKey key: Key) throws -> String {
    let place = try place(of: key)
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
    guard let place = placeIfPresent(of: key) else { return nil }
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
    let place = try place(of: key)
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
    guard let place = placeIfPresent(of: key) else { return nil }
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
    let place = try place(of: key)
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? {
    guard let place = placeIfPresent(of: key) else { return nil }
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decode(_ type: Int.Type, forKey key: Key) throws -> Int {
    let place = try place(of: key)
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
    guard let place = placeIfPresent(of: key) else { return nil }
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 {
    let place = try place(of: key)
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decodeIfPresent(_ type: Int8.Type, forKey key: Key) throws -> Int8? {
    guard let place = placeIfPresent(of: key) else { return nil }
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 {
    let place = try place(of: key)
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decodeIfPresent(_ type: Int16.Type, forKey key: Key) throws -> Int16? {
    guard let place = placeIfPresent(of: key) else { return nil }
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 {
    let place = try place(of: key)
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? {
    guard let place = placeIfPresent(of: key) else { return nil }
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 {
    let place = try place(of: key)
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? {
    guard let place = placeIfPresent(of: key) else { return nil }
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 {
    let place = try place(of: key)
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decodeIfPresent(_ type: Int128.Type, forKey key: Key) throws -> Int128? {
    guard let place = placeIfPresent(of: key) else { return nil }
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt {
    let place = try place(of: key)
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decodeIfPresent(_ type: UInt.Type, forKey key: Key) throws -> UInt? {
    guard let place = placeIfPresent(of: key) else { return nil }
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 {
    let place = try place(of: key)
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decodeIfPresent(_ type: UInt8.Type, forKey key: Key) throws -> UInt8? {
    guard let place = placeIfPresent(of: key) else { return nil }
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 {
    let place = try place(of: key)
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) throws -> UInt16? {
    guard let place = placeIfPresent(of: key) else { return nil }
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 {
    let place = try place(of: key)
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? {
    guard let place = placeIfPresent(of: key) else { return nil }
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 {
    let place = try place(of: key)
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? {
    guard let place = placeIfPresent(of: key) else { return nil }
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 {
    let place = try place(of: key)
    return try found(try state.read(type, state.tokens[place]), place, key)
  }

  func decodeIfPresent(_ type: UInt128.Type, forKey key: Key) throws -> UInt128? {
    guard let place = placeIfPresent(of: key) else { return nil }
    return try found(try state.read(type, state.tokens[place]), place, key)
  }
}

/// An object of which is recorded which members are asked for.
struct RecordingKeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let container: KeyedDecodingContainer<Key>
  private let record: ReadRecord

  init(_ container: KeyedDecodingContainer<Key>, _ record: ReadRecord) {
    self.container = container
    self.record = record
  }

  var codingPath: [any CodingKey] { container.codingPath }

  var allKeys: [Key] {
    record.know(all: Key.self)
    return container.allKeys
  }

  func contains(_ key: Key) -> Bool {
    record.ask(for: key.stringValue)
    return container.contains(key)
  }

  // MARK: Objects and arrays

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    // What is missing has an error of its own.
    guard contains(key), !isReadByFoundation(type) else {
      return try token(key) { try container.decode(type, forKey: key) }
    }
    return try T(from: try superDecoder(forKey: key))
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<NestedKey> {
    guard contains(key) else { return try container.nestedContainer(keyedBy: type, forKey: key) }
    return try superDecoder(forKey: key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    guard contains(key) else { return try container.nestedUnkeyedContainer(forKey: key) }
    return try superDecoder(forKey: key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder {
    recording(try container.superDecoder(), "super")
  }

  func superDecoder(forKey key: Key) throws -> any Decoder {
    recording(try container.superDecoder(forKey: key), key.stringValue)
  }

  private func recording(_ decoder: any Decoder, _ name: String) -> RecordingDecoder {
    record.ask(for: name)
    return RecordingDecoder(decoder, record.member(name, of: decoder))
  }

  // MARK: Tokens

  private func token<T>(_ key: Key, _ decode: () throws -> T) throws -> T {
    record.ask(for: key.stringValue)
    do {
      return try decode()
    } catch {
      // The type may go on without it; what is in it has not been read then.
      _ = try? superDecoder(forKey: key)
      throw error
    }
  }

  func decodeNil(forKey key: Key) throws -> Bool {
    record.ask(for: key.stringValue)
    return try container.decodeNil(forKey: key)
  }

  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
    try token(key) { try container.decode(type, forKey: key) }
  }

  func decode(_ type: String.Type, forKey key: Key) throws -> String {
    try token(key) { try container.decode(type, forKey: key) }
  }

  func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
    try token(key) { try container.decode(type, forKey: key) }
  }

  func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
    try token(key) { try container.decode(type, forKey: key) }
  }

  func decode(_ type: Int.Type, forKey key: Key) throws -> Int {
    try token(key) { try container.decode(type, forKey: key) }
  }

  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 {
    try token(key) { try container.decode(type, forKey: key) }
  }

  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 {
    try token(key) { try container.decode(type, forKey: key) }
  }

  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 {
    try token(key) { try container.decode(type, forKey: key) }
  }

  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 {
    try token(key) { try container.decode(type, forKey: key) }
  }

  func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 {
    try token(key) { try container.decode(type, forKey: key) }
  }

  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt {
    try token(key) { try container.decode(type, forKey: key) }
  }

  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 {
    try token(key) { try container.decode(type, forKey: key) }
  }

  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 {
    try token(key) { try container.decode(type, forKey: key) }
  }

  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 {
    try token(key) { try container.decode(type, forKey: key) }
  }

  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 {
    try token(key) { try container.decode(type, forKey: key) }
  }

  func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 {
    try token(key) { try container.decode(type, forKey: key) }
  }
}

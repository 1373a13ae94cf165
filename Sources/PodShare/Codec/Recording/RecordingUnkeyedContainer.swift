/// An array of which is recorded which elements are read.
struct RecordingUnkeyedContainer: UnkeyedDecodingContainer {
  private var container: any UnkeyedDecodingContainer
  private let record: ReadRecord

  init(_ container: any UnkeyedDecodingContainer, _ record: ReadRecord) {
    self.container = container
    self.record = record
  }

  var codingPath: [any CodingKey] { container.codingPath }
  var count: Int? { container.count }
  var isAtEnd: Bool { container.isAtEnd }
  var currentIndex: Int { container.currentIndex }

  // MARK: Objects and arrays

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    // What is missing has an error of its own.
    guard !isAtEnd, !isReadByFoundation(type) else { return try token { try $0.decode(type) } }
    return try element { try T(from: $0) }
  }

  mutating func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type
  ) throws -> KeyedDecodingContainer<NestedKey> {
    guard !isAtEnd else { return try container.nestedContainer(keyedBy: type) }
    return try element { try $0.container(keyedBy: type) }
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard !isAtEnd else { return try container.nestedUnkeyedContainer() }
    return try element { try $0.unkeyedContainer() }
  }

  mutating func superDecoder() throws -> any Decoder {
    try element { $0 }
  }

  /// Does something with the decoder of the element that is next, and steps behind it if that succeeds.
  private mutating func element<T>(_ decode: (RecordingDecoder) throws -> T) throws -> T {
    let index = currentIndex
    var ahead = container
    let decoder = try ahead.superDecoder()
    let result = try decode(RecordingDecoder(decoder, record.element(index, of: decoder)))
    container = ahead
    record.read(elementsBefore: currentIndex)
    return result
  }

  // MARK: Tokens

  private mutating func token<T>(_ decode: (inout any UnkeyedDecodingContainer) throws -> T) throws -> T {
    let result = try decode(&container)
    record.read(elementsBefore: currentIndex)
    return result
  }

  mutating func decodeNil() throws -> Bool {
    try token { try $0.decodeNil() }
  }

  mutating func decode(_ type: Bool.Type) throws -> Bool {
    try token { try $0.decode(type) }
  }

  mutating func decode(_ type: String.Type) throws -> String {
    try token { try $0.decode(type) }
  }

  mutating func decode(_ type: Double.Type) throws -> Double {
    try token { try $0.decode(type) }
  }

  mutating func decode(_ type: Float.Type) throws -> Float {
    try token { try $0.decode(type) }
  }

  mutating func decode(_ type: Int.Type) throws -> Int {
    try token { try $0.decode(type) }
  }

  mutating func decode(_ type: Int8.Type) throws -> Int8 {
    try token { try $0.decode(type) }
  }

  mutating func decode(_ type: Int16.Type) throws -> Int16 {
    try token { try $0.decode(type) }
  }

  mutating func decode(_ type: Int32.Type) throws -> Int32 {
    try token { try $0.decode(type) }
  }

  mutating func decode(_ type: Int64.Type) throws -> Int64 {
    try token { try $0.decode(type) }
  }

  mutating func decode(_ type: Int128.Type) throws -> Int128 {
    try token { try $0.decode(type) }
  }

  mutating func decode(_ type: UInt.Type) throws -> UInt {
    try token { try $0.decode(type) }
  }

  mutating func decode(_ type: UInt8.Type) throws -> UInt8 {
    try token { try $0.decode(type) }
  }

  mutating func decode(_ type: UInt16.Type) throws -> UInt16 {
    try token { try $0.decode(type) }
  }

  mutating func decode(_ type: UInt32.Type) throws -> UInt32 {
    try token { try $0.decode(type) }
  }

  mutating func decode(_ type: UInt64.Type) throws -> UInt64 {
    try token { try $0.decode(type) }
  }

  mutating func decode(_ type: UInt128.Type) throws -> UInt128 {
    try token { try $0.decode(type) }
  }
}

/// A value of which is recorded whether it has been read as a token, and otherwise what is read in it.
struct RecordingSingleValueContainer: SingleValueDecodingContainer {
  private let container: any SingleValueDecodingContainer
  private let decoder: RecordingDecoder
  private let record: ReadRecord

  init(_ container: any SingleValueDecodingContainer, _ decoder: RecordingDecoder, _ record: ReadRecord) {
    self.container = container
    self.decoder = decoder
    self.record = record
  }

  var codingPath: [any CodingKey] { container.codingPath }

  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    guard !isReadByFoundation(type) else { return try token { try container.decode(type) } }
    return try T(from: decoder)
  }

  private func token<T>(_ decode: () throws -> T) throws -> T {
    let result = try decode()
    record.readAsToken()
    return result
  }

  func decodeNil() -> Bool {
    let isNil = container.decodeNil()
    if isNil { record.readAsToken() }
    return isNil
  }

  func decode(_ type: Bool.Type) throws -> Bool {
    try token { try container.decode(type) }
  }

  func decode(_ type: String.Type) throws -> String {
    try token { try container.decode(type) }
  }

  func decode(_ type: Double.Type) throws -> Double {
    try token { try container.decode(type) }
  }

  func decode(_ type: Float.Type) throws -> Float {
    try token { try container.decode(type) }
  }

  func decode(_ type: Int.Type) throws -> Int {
    try token { try container.decode(type) }
  }

  func decode(_ type: Int8.Type) throws -> Int8 {
    try token { try container.decode(type) }
  }

  func decode(_ type: Int16.Type) throws -> Int16 {
    try token { try container.decode(type) }
  }

  func decode(_ type: Int32.Type) throws -> Int32 {
    try token { try container.decode(type) }
  }

  func decode(_ type: Int64.Type) throws -> Int64 {
    try token { try container.decode(type) }
  }

  func decode(_ type: Int128.Type) throws -> Int128 {
    try token { try container.decode(type) }
  }

  func decode(_ type: UInt.Type) throws -> UInt {
    try token { try container.decode(type) }
  }

  func decode(_ type: UInt8.Type) throws -> UInt8 {
    try token { try container.decode(type) }
  }

  func decode(_ type: UInt16.Type) throws -> UInt16 {
    try token { try container.decode(type) }
  }

  func decode(_ type: UInt32.Type) throws -> UInt32 {
    try token { try container.decode(type) }
  }

  func decode(_ type: UInt64.Type) throws -> UInt64 {
    try token { try container.decode(type) }
  }

  func decode(_ type: UInt128.Type) throws -> UInt128 {
    try token { try container.decode(type) }
  }
}

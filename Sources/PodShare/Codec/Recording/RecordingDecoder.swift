import Foundation

/// A decoder that reads with another one and records what it was asked for.
struct RecordingDecoder: Decoder {
  private let decoder: any Decoder
  private let record: ReadRecord

  init(_ decoder: any Decoder, _ record: ReadRecord) {
    self.decoder = decoder
    self.record = record
  }

  var codingPath: [any CodingKey] { decoder.codingPath }
  var userInfo: [CodingUserInfoKey: Any] { decoder.userInfo }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    let container = try decoder.container(keyedBy: type)
    record.open(by: type)
    return KeyedDecodingContainer(RecordingKeyedContainer(container, record))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    let container = try decoder.unkeyedContainer()
    record.open(elementCount: container.count)
    return RecordingUnkeyedContainer(container, record)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer {
    RecordingSingleValueContainer(try decoder.singleValueContainer(), self, record)
  }
}

/// Whether a value of this type is one token of JSON that Foundation reads in a way of its own, different from what the
/// type's `init(from:)` does, or at least faster.
func isReadByFoundation(_ type: Any.Type) -> Bool {
  type is any JSONScalar.Type || type == Date.self || type == Data.self || type == URL.self
    || type == Decimal.self
}

/// An object that is being written.
struct KeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let state: EncodingState
  let id: Record.ID

  var codingPath: [any CodingKey] { state.path(of: id) }

  // MARK: Values

  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
    let placement = state.beginMember(of: id, key.stringValue)
    do {
      try state.encode(value, of: id, placement, key)
    } catch let error as EncodingError {
      throw error.naming(key, at: state.depth(of: id))
    }
  }

  // MARK: Containers

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy _: NestedKey.Type, forKey key: Key
  ) -> KeyedEncodingContainer<NestedKey> {
    KeyedEncodingContainer(
      KeyedEncoding<NestedKey>(state: state, id: state.nest(.object, in: id, key.stringValue)))
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    UnkeyedEncoding(state: state, id: state.nest(.array, in: id, key.stringValue))
  }

  func superEncoder() -> any Encoder {
    ValueEncoder(state: state, id: state.nest(.undecided, in: id, JSONKey.super.stringValue))
  }

  func superEncoder(forKey key: Key) -> any Encoder {
    ValueEncoder(state: state, id: state.nest(.undecided, in: id, key.stringValue))
  }

  // MARK: Tokens

  func encodeNil(forKey key: Key) {
    let placement = state.beginMember(of: id, key.stringValue)
    state.output.append("null")
    state.end(placement)
  }

  func encode(_ value: Bool, forKey key: Key) {
    let placement = state.beginMember(of: id, key.stringValue)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: String, forKey key: Key) {
    let placement = state.beginMember(of: id, key.stringValue)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Double, forKey key: Key) throws {
    guard value.isFinite else { throw state.notEncodable(value, in: id, key) }
    let placement = state.beginMember(of: id, key.stringValue)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Float, forKey key: Key) throws {
    guard value.isFinite else { throw state.notEncodable(value, in: id, key) }
    let placement = state.beginMember(of: id, key.stringValue)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Int, forKey key: Key) {
    let placement = state.beginMember(of: id, key.stringValue)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Int8, forKey key: Key) {
    let placement = state.beginMember(of: id, key.stringValue)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Int16, forKey key: Key) {
    let placement = state.beginMember(of: id, key.stringValue)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Int32, forKey key: Key) {
    let placement = state.beginMember(of: id, key.stringValue)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Int64, forKey key: Key) {
    let placement = state.beginMember(of: id, key.stringValue)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Int128, forKey key: Key) {
    let placement = state.beginMember(of: id, key.stringValue)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: UInt, forKey key: Key) {
    let placement = state.beginMember(of: id, key.stringValue)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: UInt8, forKey key: Key) {
    let placement = state.beginMember(of: id, key.stringValue)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: UInt16, forKey key: Key) {
    let placement = state.beginMember(of: id, key.stringValue)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: UInt32, forKey key: Key) {
    let placement = state.beginMember(of: id, key.stringValue)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: UInt64, forKey key: Key) {
    let placement = state.beginMember(of: id, key.stringValue)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: UInt128, forKey key: Key) {
    let placement = state.beginMember(of: id, key.stringValue)
    state.output.write(value)
    state.end(placement)
  }
}

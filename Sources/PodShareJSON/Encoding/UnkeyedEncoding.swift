/// An array that is being written.
struct UnkeyedEncoding: UnkeyedEncodingContainer {
  let state: EncodingState
  let id: Record.ID

  var codingPath: [any CodingKey] { state.path(of: id) }
  var count: Int { state.count(of: id) }

  // MARK: Values

  func encode<Value: Encodable>(_ value: Value) throws {
    let placement = state.beginElement(of: id)
    try state.encode(value, of: id, placement, JSONKey(index: count - 1))
  }

  // MARK: Containers

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy _: NestedKey.Type
  ) -> KeyedEncodingContainer<NestedKey> {
    KeyedEncodingContainer(KeyedEncoding<NestedKey>(state: state, id: state.nest(.object, in: id, nil)))
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    UnkeyedEncoding(state: state, id: state.nest(.array, in: id, nil))
  }

  func superEncoder() -> any Encoder {
    ValueEncoder(state: state, id: state.nest(.undecided, in: id, nil))
  }

  // MARK: Tokens

  func encodeNil() {
    let placement = state.beginElement(of: id)
    state.output.append("null")
    state.end(placement)
  }

  func encode(_ value: Bool) {
    let placement = state.beginElement(of: id)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: String) {
    let placement = state.beginElement(of: id)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Double) throws {
    guard value.isFinite else { throw state.notEncodable(value, in: id, JSONKey(index: count)) }
    let placement = state.beginElement(of: id)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Float) throws {
    guard value.isFinite else { throw state.notEncodable(value, in: id, JSONKey(index: count)) }
    let placement = state.beginElement(of: id)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Int) {
    let placement = state.beginElement(of: id)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Int8) {
    let placement = state.beginElement(of: id)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Int16) {
    let placement = state.beginElement(of: id)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Int32) {
    let placement = state.beginElement(of: id)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Int64) {
    let placement = state.beginElement(of: id)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Int128) {
    let placement = state.beginElement(of: id)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: UInt) {
    let placement = state.beginElement(of: id)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: UInt8) {
    let placement = state.beginElement(of: id)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: UInt16) {
    let placement = state.beginElement(of: id)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: UInt32) {
    let placement = state.beginElement(of: id)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: UInt64) {
    let placement = state.beginElement(of: id)
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: UInt128) {
    let placement = state.beginElement(of: id)
    state.output.write(value)
    state.end(placement)
  }
}

/// The encoder of one value, which is also its container if it is a single value.
struct ValueEncoder: Encoder, SingleValueEncodingContainer {
  let state: EncodingState
  let id: Record.ID

  var codingPath: [any CodingKey] { state.path(of: id) }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  // MARK: Containers

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    guard state.decide(.object, id) else {
      return KeyedEncodingContainer(KeyedEncoding(state: state, id: .nobody))
    }
    if ObjectIdentifier(type) == EncodingState.dictionaryKey { state.sortLater(id) }
    return KeyedEncodingContainer(KeyedEncoding(state: state, id: id))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    UnkeyedEncoding(state: state, id: state.decide(.array, id) ? id : .nobody)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  // MARK: A single value

  func encode<Value: Encodable>(_ value: Value) throws {
    if EncodingState.isToken(Value.self) {
      guard let placement = state.beginValue(id) else { return }
      defer { state.end(placement) }
      _ = try state.writeToken(value, in: id, nil)
    } else if state.isFree(id) {
      try state.encodeContent(of: value, at: id)
      state.encodeNothing(id)
    }
  }

  func encodeNil() {
    guard let placement = state.beginValue(id) else { return }
    state.output.append("null")
    state.end(placement)
  }

  func encode(_ value: Bool) {
    guard let placement = state.beginValue(id) else { return }
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: String) {
    guard let placement = state.beginValue(id) else { return }
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Double) throws {
    guard value.isFinite else { throw state.notEncodable(value, in: id, nil) }
    guard let placement = state.beginValue(id) else { return }
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Float) throws {
    guard value.isFinite else { throw state.notEncodable(value, in: id, nil) }
    guard let placement = state.beginValue(id) else { return }
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Int) {
    guard let placement = state.beginValue(id) else { return }
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Int8) {
    guard let placement = state.beginValue(id) else { return }
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Int16) {
    guard let placement = state.beginValue(id) else { return }
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Int32) {
    guard let placement = state.beginValue(id) else { return }
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Int64) {
    guard let placement = state.beginValue(id) else { return }
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: Int128) {
    guard let placement = state.beginValue(id) else { return }
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: UInt) {
    guard let placement = state.beginValue(id) else { return }
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: UInt8) {
    guard let placement = state.beginValue(id) else { return }
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: UInt16) {
    guard let placement = state.beginValue(id) else { return }
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: UInt32) {
    guard let placement = state.beginValue(id) else { return }
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: UInt64) {
    guard let placement = state.beginValue(id) else { return }
    state.output.write(value)
    state.end(placement)
  }

  func encode(_ value: UInt128) {
    guard let placement = state.beginValue(id) else { return }
    state.output.write(value)
    state.end(placement)
  }
}

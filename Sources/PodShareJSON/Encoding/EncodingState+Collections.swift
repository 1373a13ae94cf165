/// The most usual arrays and dictionaries, which need not be asked to encode themselves: they would do the same through
/// an encoder and a container that know nothing of their elements.
extension EncodingState {
  /// Encodes a value in its place.
  @inline(__always)
  func encodeContent<Value: Encodable>(of value: Value, at id: Record.ID) throws {
    if try encodeCollection(value, at: id) { return }
    try value.encode(to: ValueEncoder(state: self, id: id))
  }

  private func encodeCollection<Value>(_ value: Value, at id: Record.ID) throws -> Bool {
    if Value.self == [String].self {
      try encode(same(value, as: [String].self), at: id)
      return true
    }
    if Value.self == [String: String].self {
      try encode(same(value, as: [String: String].self), at: id)
      return true
    }
    if Value.self == [Int].self {
      try encode(same(value, as: [Int].self), at: id)
      return true
    }
    if Value.self == [String: Int].self {
      try encode(same(value, as: [String: Int].self), at: id)
      return true
    }
    if Value.self == [Double].self {
      try encode(same(value, as: [Double].self), at: id)
      return true
    }
    if Value.self == [String: Double].self {
      try encode(same(value, as: [String: Double].self), at: id)
      return true
    }
    if Value.self == [Bool].self {
      try encode(same(value, as: [Bool].self), at: id)
      return true
    }
    if Value.self == [String: Bool].self {
      try encode(same(value, as: [String: Bool].self), at: id)
      return true
    }
    return false
  }

  @inline(__always)
  private func encode<Element: Encodable>(_ elements: [Element], at id: Record.ID) throws {
    guard decide(.array, id) else { return }
    for element in elements {
      try encode(element, of: id, beginElement(of: id), JSONKey(index: count(of: id) - 1))
    }
  }

  @inline(__always)
  private func encode<Element: Encodable>(_ members: [String: Element], at id: Record.ID) throws {
    guard decide(.object, id) else { return }
    sortLater(id)
    for (key, element) in members {
      try encode(element, of: id, beginMember(of: id, key), JSONKey(stringValue: key))
    }
  }
}

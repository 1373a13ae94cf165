import NIOCore

/// A store's codec for whoever does not know the type of its values.
struct ErasedCodec: Sendable {
  /// Appends the bytes of a value.
  let encode: @Sendable (_ value: ErasedValue, _ buffer: inout ByteBuffer) throws -> Void
  /// Makes a value of bytes, to be written under a key.
  let decode: @Sendable (_ key: Key, _ bytes: ByteBuffer) throws -> ErasedValue

  init<Value: Sendable>(_ codec: some Codec<Value>, as type: ValueType) {
    encode = { try codec.encode($0.value(as: Value.self), into: &$1) }
    decode = { ErasedValue(try codec.decode($1), forKey: $0, as: type) }
  }
}

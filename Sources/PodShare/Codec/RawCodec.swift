/// A codec that has the bytes of a value in memory of its own before they are copied to where they belong, and reads them
/// wherever they lie: so nobody has to make a buffer for either.
protocol RawCodec<Value>: Codec {
  /// Passes the bytes that `encode` would append, which are only there while `body` runs.
  func withBytes(of value: Value, _ body: (Span<UInt8>) -> Void) throws

  /// The value that `decode` would make of these bytes, which are only there while this runs.
  func value(of bytes: Span<UInt8>) throws -> Value
}

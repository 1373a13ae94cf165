/// A codec that has the bytes of a value in memory of its own before they are copied to where they belong.
protocol LendingCodec<Value>: Codec {
  /// Passes the bytes that `encode` would append, which are only there while `body` runs.
  func withBytes(of value: Value, _ body: (UnsafeRawBufferPointer) -> Void) throws
}

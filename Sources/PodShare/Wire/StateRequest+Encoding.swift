package import NIOCore

extension StateRequest {
  /// The request as a message.
  package func encoded() -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: 64)
    buffer.writeInteger(WireCode.version)
    buffer.writeInteger(WireCode.Kind.stateRequest.rawValue)
    buffer.writeIdentity(sender)
    buffer.writeInteger(id)
    return buffer
  }
}

import NIOCore
import PodShare

/// Carries JSON values as they are.
struct JSONValueCodec: Codec {
  func encode(_ value: JSONValue, into buffer: inout ByteBuffer) {
    buffer.writeString(value.text)
  }

  func decode(_ bytes: ByteBuffer) throws -> JSONValue {
    guard let text = String(validating: bytes.readableBytesView, as: UTF8.self) else {
      throw JSONError(message: "the bytes are no UTF-8", offset: 0)
    }
    return try JSONValue(text)
  }
}

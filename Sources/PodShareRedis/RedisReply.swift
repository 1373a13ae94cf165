public import NIOCore

/// What Redis answers to a command.
///
/// A client of another library makes these of its own: text of any kind is ``bytes(_:)``, whatever comes in rows is
/// ``array(_:)``, pairs one behind the other.
public enum RedisReply: Sendable, Hashable {
  /// There is nothing.
  case null
  case integer(Int64)
  case double(Double)
  case boolean(Bool)
  /// A string. Only valid as long as whoever receives it does not keep it: it may be a slice of a read buffer.
  case bytes(ByteBuffer)
  /// An error inside a reply; one that is the whole reply is thrown.
  case error(String)
  case array([RedisReply])
}

extension RedisReply {
  /// The bytes of a string; nil if it is none.
  var bytes: ByteBuffer? {
    if case .bytes(let bytes) = self { bytes } else { nil }
  }

  /// The text of a string; nil if it is none.
  var text: String? { bytes.map { String(buffer: $0) } }

  var array: [RedisReply]? {
    if case .array(let array) = self { array } else { nil }
  }
}

import NIOCore
import PodShare

/// Published messages on their way to the links. All links that it goes to share its bytes.
enum Parcel {
  /// Small messages to one topic, one behind the other, as frames.
  struct Frames {
    let topic: Key
    let isForGoPods: Bool
    var bytes: ByteBuffer
    var count = 0
  }

  case frames(Frames)
  /// A message that travels in parts.
  case large(Key, ByteBuffer, isForGoPods: Bool)

  var topic: Key {
    switch self {
    case .frames(let frames): frames.topic
    case .large(let topic, _, _): topic
    }
  }

  /// Whether a Go pod can read this: it is of wire version 1, to a topic of users.
  var isForGoPods: Bool {
    switch self {
    case .frames(let frames): frames.isForGoPods
    case .large(_, _, let isForGoPods): isForGoPods
    }
  }

  var byteCount: Int {
    switch self {
    case .frames(let frames): frames.bytes.readableBytes
    case .large(_, let message, _): message.readableBytes
    }
  }

  var messageCount: Int {
    switch self {
    case .frames(let frames): frames.count
    case .large: 1
    }
  }
}

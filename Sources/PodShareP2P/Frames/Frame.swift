import NIOCore
import PodShare

/// What travels on a link: a kind, a topic, a payload. The pods of the Go library use the same layout, and pass over
/// kinds that they do not know.
///
/// ```
/// u32 length of what follows | u8 kind | u16 length of the topic | topic | payload     (all big-endian)
/// ```
struct Frame: Equatable {
  struct Kind: RawRepresentable, Sendable, Hashable {
    var rawValue: UInt8
  }

  var kind: Kind
  var topic: ByteBuffer
  var payload: ByteBuffer

  /// The bytes of length, kind and the topic's length.
  static let headerBytes = 7
  /// What a frame's length counts besides topic and payload.
  static let overhead = 3
}

extension Frame.Kind {
  // Those that a Go pod knows.

  /// The payload is a message that was published to the topic.
  static let message = Frame.Kind(rawValue: 1)
  /// Asks for the state of the topic. No payload.
  static let snapshotRequest = Frame.Kind(rawValue: 2)
  /// The payload is a snapshot, or nothing if there is none.
  static let snapshotResponse = Frame.Kind(rawValue: 3)

  // Those between pods of this library.

  /// Who is speaking. The first frame of either side; the payload is a ``Hello``.
  static let hello = Frame.Kind(rawValue: 64)
  /// From here on the topic's messages are wanted. The payload is a number that is sent back; nothing, or 0, if nobody
  /// waits for that.
  static let subscribe = Frame.Kind(rawValue: 65)
  /// From here on they are not.
  static let unsubscribe = Frame.Kind(rawValue: 66)
  /// The subscription with this number has been taken note of.
  static let subscribed = Frame.Kind(rawValue: 67)
  /// All subscriptions that there are have been told: messages may come.
  static let ready = Frame.Kind(rawValue: 68)
  /// A part of a message that is too large to go at once. Its other parts follow in order, whatever comes in between.
  static let part = Frame.Kind(rawValue: 69)
  /// The last part of such a message.
  static let lastPart = Frame.Kind(rawValue: 70)
  /// I am alive.
  static let ping = Frame.Kind(rawValue: 71)
  /// Messages for you did not fit into the queue and are gone.
  static let lost = Frame.Kind(rawValue: 72)
  /// This link ends here; the payload says why, for people.
  static let refused = Frame.Kind(rawValue: 73)
  /// There is another link between us: use that one.
  static let redundant = Frame.Kind(rawValue: 74)
  /// This pod is leaving, or does not want to be linked any more.
  static let goodbye = Frame.Kind(rawValue: 75)
}

/// Why bytes are not frames.
struct FrameError: Error, Equatable, CustomStringConvertible {
  var description: String
  /// What they are instead, if that shows.
  var otherProtocol: OtherProtocol?

  enum OtherProtocol: String {
    case tls = "TLS"
    case http = "HTTP"
    case ssh = "SSH"
  }
}

/// Limits of what a pod sends and accepts.
enum FrameLimits {
  /// The most that a message may have.
  static let messageBytes = 64 * 1_024 * 1_024
  /// Messages larger than that travel in parts of this size, so that small ones need not wait for them.
  static let partBytes = 64 * 1_024
  /// The most that a frame between pods of this library may have, once they have greeted each other.
  static let linkFrameBytes = partBytes + WireLimits.topicBytes.upperBound + Frame.overhead
  /// The topics that one peer may subscribe to.
  static let topicsPerLink = 65_536
}

extension ByteBuffer {
  mutating func writeFrame(_ kind: Frame.Kind, topic: String = "", payload: ByteBuffer = ByteBuffer()) {
    writeFrameHeader(kind, topic: topic, payloadBytes: payload.readableBytes)
    writeImmutableBuffer(payload)
  }

  /// All of a frame but its payload.
  mutating func writeFrameHeader(_ kind: Frame.Kind, topic: String, payloadBytes: Int) {
    let topicBytes = topic.utf8.count
    writeMultipleIntegers(
      UInt32(Frame.overhead + topicBytes + payloadBytes), kind.rawValue, UInt16(topicBytes))
    writeString(topic)
  }
}

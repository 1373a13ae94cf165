import NIOCore
import PodShare

/// What is waiting to go out on one link: bounded in bytes and messages, in two lanes, so that small messages overtake
/// large ones.
struct LinkQueue {
  struct Limits: Sendable {
    var bytes: Int
    var messages: Int
  }

  private struct Large {
    let topic: String
    var rest: ByteBuffer
  }

  /// Go pods know nothing of parts.
  var splitsLargeMessages = true
  private let limits: Limits
  private var small = CircularBuffer<Parcel.Frames>()
  private var large = CircularBuffer<Large>()
  private(set) var bytes = 0
  private(set) var messages = 0
  /// Counts what has been added to, and taken out of, the lanes.
  private(set) var added = Progress()
  private(set) var taken = Progress()

  /// How far the lanes have come.
  struct Progress: Equatable {
    var small: UInt64 = 0
    var large: UInt64 = 0

    func hasReached(_ other: Progress) -> Bool { small >= other.small && large >= other.large }
  }

  init(limits: Limits) {
    self.limits = limits
  }

  var isEmpty: Bool { small.isEmpty && large.isEmpty }

  /// Adds a parcel; false, and nothing is added, if there is no room. In an empty queue there is room for anything.
  mutating func add(_ parcel: Parcel) -> Bool {
    guard
      isEmpty
        || (bytes + parcel.byteCount <= limits.bytes && messages + parcel.messageCount <= limits.messages)
    else { return false }
    bytes += parcel.byteCount
    messages += parcel.messageCount
    switch parcel {
    case .frames(let frames):
      small.append(frames)
      added.small += 1
    case .large(let topic, let message, _):
      large.append(Large(topic: topic.string, rest: message))
      added.large += 1
    }
    return true
  }

  /// What is to be written next: whole small messages, or one part of a large one.
  struct Piece {
    /// Of a part of a large message; otherwise nil.
    var header: ByteBuffer?
    var bytes: ByteBuffer
  }

  /// Takes out what is to go next. Nil if nothing is left.
  mutating func next() -> Piece? {
    guard let frames = small.popFirst() else { return nextPart() }
    bytes -= frames.bytes.readableBytes
    messages -= frames.count
    taken.small += 1
    return Piece(bytes: frames.bytes)
  }

  private mutating func nextPart() -> Piece? {
    guard var message = large.popFirst() else { return nil }
    let size =
      splitsLargeMessages
      ? min(message.rest.readableBytes, FrameLimits.partBytes) : message.rest.readableBytes
    guard let part = message.rest.readSlice(length: size) else { return nil }
    let isLast = message.rest.readableBytes == 0
    let kind: Frame.Kind = splitsLargeMessages ? (isLast ? .lastPart : .part) : .message
    var header = ByteBuffer()
    header.writeFrameHeader(kind, topic: message.topic, payloadBytes: size)
    bytes -= size
    if isLast {
      messages -= 1
      taken.large += 1
    } else {
      large.prepend(message)
    }
    return Piece(header: header, bytes: part)
  }

  mutating func removeAll() {
    small.removeAll()
    large.removeAll()
    taken = added
    bytes = 0
    messages = 0
  }
}

import NIOConcurrencyHelpers
import NIOCore
import PodShare

/// What any thread has published and the event loop has not yet handed to the links.
final class PublishQueue: Sendable {
  fileprivate struct State {
    var parcels: [Parcel] = []
    /// What is added to next, behind the parcels.
    var open: Parcel.Frames?
    var bytes = 0
    var messages = 0
    /// The event loop has been told, and has not come yet.
    var isAnnounced = false
    var isClosed = false
  }

  private let limits: LinkQueue.Limits
  private let state = NIOLockedValueBox(State())

  init(limits: LinkQueue.Limits) {
    self.limits = limits
  }

  enum Outcome { case added, addedFirst, full, closed }

  /// Adds a message. After the first that is added to an empty queue the event loop must be told.
  func add(_ message: ByteBuffer, to topic: Key) -> Outcome {
    state.withLockedValue { state in
      guard !state.isClosed else { return .closed }
      let size = message.readableBytes
      guard size <= FrameLimits.messageBytes else { return .full }
      guard
        state.messages == 0 || (state.bytes + size <= limits.bytes && state.messages < limits.messages)
      else { return .full }
      state.bytes += size
      state.messages += 1
      state.append(message, to: topic)
      defer { state.isAnnounced = true }
      return state.isAnnounced ? .added : .addedFirst
    }
  }

  /// Takes out all that is there.
  func take() -> [Parcel] {
    state.withLockedValue { state in
      state.seal()
      defer {
        state.parcels = []
        state.bytes = 0
        state.messages = 0
        state.isAnnounced = false
      }
      return state.parcels
    }
  }

  func close() {
    let left = state.withLockedValue { state in
      state.isClosed = true
      state.seal()
      defer { state.parcels = [] }
      return state.parcels
    }
    _ = consume left
  }
}

extension PublishQueue.State {
  fileprivate mutating func append(_ message: ByteBuffer, to topic: Key) {
    let size = message.readableBytes
    let isForGoPods = WireVersion1.isVersion1(message) && !Names.isSideTopic(topic.string)
    guard size <= FrameLimits.partBytes else {
      seal()
      parcels.append(.large(topic, message, isForGoPods: isForGoPods))
      return
    }
    if !(open?.takes(topic, isForGoPods: isForGoPods) ?? false) {
      seal()
      open = Parcel.Frames(
        topic: topic, isForGoPods: isForGoPods,
        bytes: ByteBufferAllocator().buffer(capacity: Frame.headerBytes + topic.string.utf8.count + size))
    }
    open?.add(message)
  }

  /// Nothing more is added to what is open.
  fileprivate mutating func seal() {
    if let frames = open.take() { parcels.append(.frames(frames)) }
  }
}

extension Parcel.Frames {
  fileprivate func takes(_ topic: Key, isForGoPods: Bool) -> Bool {
    self.topic == topic && self.isForGoPods == isForGoPods && bytes.readableBytes < FrameLimits.partBytes
  }

  fileprivate mutating func add(_ message: ByteBuffer) {
    bytes.writeFrameHeader(.message, topic: topic.string, payloadBytes: message.readableBytes)
    bytes.writeImmutableBuffer(message)
    count += 1
  }
}

import NIOConcurrencyHelpers
import NIOCore
import PodShare

/// Messages that were published and that the server has not answered yet, as it reads them.
final class PublishQueue: Sendable {
  /// Some messages one behind the other, which travel and are answered together.
  struct Parcel {
    fileprivate(set) var buffers: [ByteBuffer] = []
    fileprivate(set) var count = 0
    fileprivate(set) var bytes = 0
    /// Small messages are added to the last buffer until there is enough in it.
    fileprivate var isOpen = true
  }

  struct Limits: Sendable {
    var bytes: Int
    var messages: Int
  }

  private struct State {
    var parcels: [Parcel] = []
    /// Of what is in the queue, and of what was taken out and is not answered.
    var bytes = 0
    var messages = 0
    /// How many messages there ever were.
    var accepted: UInt64 = 0
    /// The event loop has been told, and has not come yet.
    var isAnnounced = false
    var phase = Phase.disconnected
  }

  enum Phase { case disconnected, connected, closed }

  enum Outcome { case added, addedFirst, full, disconnected }

  private let limits: Limits
  private let state = NIOLockedValueBox(State())

  init(limits: Limits) {
    self.limits = limits
  }

  /// How many messages were ever taken.
  var accepted: UInt64 { state.withLockedValue { $0.accepted } }

  /// Adds a message. After the first that is added to an empty queue the event loop must be told.
  func add(_ message: ByteBuffer, to channel: String) -> Outcome {
    state.withLockedValue { state in
      guard state.phase == .connected else { return .disconnected }
      let size = message.readableBytes
      guard
        state.messages == 0 || (state.bytes + size <= limits.bytes && state.messages < limits.messages)
      else { return .full }
      state.bytes += size
      state.messages += 1
      state.accepted += 1
      // In place: an array that is taken out and put back would be copied.
      if size > Self.smallBytes || state.parcels.last?.isOpen != true { state.parcels.append(Parcel()) }
      state.parcels[state.parcels.count - 1].add(message, to: channel)
      defer { state.isAnnounced = true }
      return state.isAnnounced ? .added : .addedFirst
    }
  }

  /// Takes out all that is there.
  func take() -> [Parcel] {
    state.withLockedValue { state in
      state.isAnnounced = false
      guard !state.parcels.isEmpty else { return [] }
      defer { state.parcels = [] }
      return state.parcels
    }
  }

  /// The server has answered messages that were taken out.
  func answered(count: Int, bytes: Int) {
    state.withLockedValue { state in
      state.messages -= count
      state.bytes -= bytes
    }
  }

  /// Whether messages are taken from now on. Those that are there stay.
  func enter(_ phase: Phase) {
    let dropped = state.withLockedValue { state -> [Parcel] in
      guard state.phase != .closed else { return [] }
      state.phase = phase
      guard phase == .closed else { return [] }
      defer { state.parcels = [] }
      return state.parcels
    }
    _ = consume dropped
  }

  /// A message up to this size is copied together with others, to leave in one go.
  fileprivate static var smallBytes: Int { 16 * 1_024 }
  fileprivate static var parcelBytes: Int { 64 * 1_024 }
}

extension PublishQueue.Parcel {
  fileprivate mutating func add(_ message: ByteBuffer, to channel: String) {
    let size = message.readableBytes
    count += 1
    bytes += size
    if buffers.isEmpty {
      buffers.append(ByteBufferAllocator().buffer(capacity: channel.utf8.count + min(size, 1_024) + 64))
    }
    let last = buffers.count - 1
    buffers[last].writePublishHeader(channel, messageBytes: size)
    if size <= PublishQueue.smallBytes {
      buffers[last].writeImmutableBuffer(message)
      buffers[last].writeLineEnd()
    } else {
      // Its bytes are not copied.
      buffers.append(message)
      buffers.append(ByteBuffer(bytes: [0x0d, 0x0a]))
      isOpen = false
    }
    if buffers[0].readableBytes >= PublishQueue.parcelBytes { isOpen = false }
  }
}

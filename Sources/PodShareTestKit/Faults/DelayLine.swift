import NIOConcurrencyHelpers

/// Messages on their way in one direction: each is delivered when its delay is over, in order but for those that are
/// held back; one at a time, and never under the lock.
final class DelayLine<Message: Sendable>: Sendable {
  private struct Item {
    let id: UInt64
    let message: Message
    let bytes: Int
    let isHeldBack: Bool
    var isDue: Bool
    var timer: Task<Void, Never>?
  }

  private struct State {
    var items: [Item] = []
    var bytes = 0
    var lastID: UInt64 = 0
    var isDelivering = false
    var isClosed = false

    /// The first item that is due and need not wait for one before it.
    var next: Int? {
      var isBlocked = false
      for (index, item) in items.enumerated() where item.isHeldBack || !isBlocked {
        if item.isDue { return index }
        if !item.isHeldBack { isBlocked = true }
      }
      return nil
    }

    mutating func take() -> Message? {
      guard let next else { return nil }
      let item = items.remove(at: next)
      bytes -= item.bytes
      return item.message
    }

    mutating func takeAll() -> [Item] {
      defer {
        items = []
        bytes = 0
      }
      return items
    }
  }

  private let state = NIOLockedValueBox(State())
  private let timer: DelayTimer
  private let deliver: @Sendable (Message) -> Void
  private let onIdle: @Sendable () -> Void

  /// - Parameter onIdle: Called when nothing is on its way any more.
  init(
    timer: DelayTimer, deliver: @escaping @Sendable (Message) -> Void,
    onIdle: @escaping @Sendable () -> Void = {}
  ) {
    self.timer = timer
    self.deliver = deliver
    self.onIdle = onIdle
  }

  deinit {
    for item in state.withLockedValue({ $0.takeAll() }) { item.timer?.cancel() }
  }

  var waiting: (messages: Int, bytes: Int) { state.withLockedValue { ($0.items.count, $0.bytes) } }

  /// Whether nothing is on its way, so that a message without a delay may go on at once.
  var isIdle: Bool { state.withLockedValue { $0.items.isEmpty && !$0.isDelivering } }

  func append(_ message: Message, bytes: Int, copy: Fate.Copy) {
    let isDue = copy.delay <= .zero
    let id = state.withLockedValue { state -> UInt64? in
      guard !state.isClosed else { return nil }
      state.lastID += 1
      state.bytes += bytes
      state.items.append(
        Item(id: state.lastID, message: message, bytes: bytes, isHeldBack: copy.isHeldBack, isDue: isDue))
      return state.lastID
    }
    guard let id else { return }
    guard !isDue else { return deliverDue() }
    let task = timer.start(copy.delay) { [weak self] in self?.delayIsOver(of: id) }
    let isWaiting = state.withLockedValue { state in
      guard let index = state.items.firstIndex(where: { $0.id == id }) else { return false }
      state.items[index].timer = task
      return true
    }
    if !isWaiting { task?.cancel() }
  }

  /// Delivers all that is on its way now, in order.
  func deliverAll() {
    let timers = state.withLockedValue { state in
      for index in state.items.indices { state.items[index].isDue = true }
      return state.items.map(\.timer)
    }
    for timer in timers { timer?.cancel() }
    deliverDue()
  }

  /// Forgets all that is on its way. Returns how much that was.
  @discardableResult
  func dropAll() -> Int {
    let items = state.withLockedValue { $0.takeAll() }
    for item in items { item.timer?.cancel() }
    if isIdle { onIdle() }
    return items.count
  }

  /// Forgets all that is on its way, and all that is still to come.
  func close() {
    state.withLockedValue { $0.isClosed = true }
    dropAll()
  }

  private func delayIsOver(of id: UInt64) {
    state.withLockedValue { state in
      guard let index = state.items.firstIndex(where: { $0.id == id }) else { return }
      state.items[index].isDue = true
    }
    deliverDue()
  }

  /// One thread at a time delivers; the others leave it to that one.
  private func deliverDue() {
    let isFirst = state.withLockedValue { state in
      defer { state.isDelivering = true }
      return !state.isDelivering
    }
    guard isFirst else { return }
    while let message = takeDue() { deliver(message) }
    if isIdle { onIdle() }
  }

  private func takeDue() -> Message? {
    state.withLockedValue { state in
      let message = state.take()
      if message == nil { state.isDelivering = false }
      return message
    }
  }
}

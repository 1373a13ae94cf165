import NIOCore

// How the replica's actions are performed: outside the write lock, in order, by one thread at a time. A thread that
// finds another at it leaves its actions to that one.
extension StoreCore {
  /// Performs all actions there are. Only for the thread for which `claimOutbox()` returned true.
  func drainOutbox() {
    while let contents = takeActions() {
      var position = contents.firstEvent
      for action in contents.actions {
        perform(action, position: &position)
      }
    }
  }

  private func takeActions() -> Outbox<Value>.Contents? {
    let (contents, barriers) = state.withLock { state -> (Outbox<Value>.Contents?, [Latch]) in
      guard state.outbox.isEmpty else { return (state.outbox.takeAll(), []) }
      state.isDraining = false
      defer { state.barriers = [] }
      return (nil, state.barriers)
    }
    for barrier in barriers { barrier.open() }
    return contents
  }

  private func perform(_ action: Outbox<Value>.Action, position: inout UInt64) {
    switch action {
    case .tell(let event):
      tell(event, at: position)
      position += 1
    case .publish(let encoder, let stamp):
      publish(encoder.finish(stamp))
    case .publishEntries(let keys):
      background.submit { [weak self] in self?.publishEntries(of: keys) }
    case .requestState(let request):
      // If this fails, so that nobody answers, it is repeated with the next tick.
      _ = send(request.encoded(), to: Names.syncTopic(of: topic))
    case .answer(let request):
      background.submit(onceFor: request.sender) { [weak self] in self?.answer(request) }
    case .answered:
      for refresh in state.withLock({ $0.refreshes }) { refresh.open() }
    case .caughtUp:
      caughtUp.open()
    case .report(let error):
      reporter.report(error)
    }
  }

  private func tell(_ event: Event<Value>, at position: UInt64) {
    for _ in 0..<watchers.tell(event, at: position) {
      reporter.report(.fellBehind)
    }
  }

  private func publish(_ message: ByteBuffer) {
    guard let refusal = send(message, to: topic) else { return }
    let keys = WireDecoder.keys(ofWrite: message)
    state.withLock { $0.replica.publishFailed(keys) }
    reporter.report(
      StoreError(
        .publishFailed, "\(refusal); \(keys.count) entries are sent again later", key: keys.first?.string))
  }

  /// Hands a message to the transport. Returns why it did not take it, if it did not.
  func send(_ message: ByteBuffer, to topic: String) -> String? {
    let outcome = transport.publish(message, to: topic)
    switch outcome {
    case .accepted:
      traffic.messagesSent.count()
      return nil
    case .queueFull:
      traffic.publishFailures.count()
      return "the transport's queue is full"
    case .disconnected:
      traffic.publishFailures.count()
      return "the transport is not connected"
    }
  }
}

import NIOCore

// How the replica's actions are performed: outside the write lock, in order, by one thread at a time. A thread that
// finds another at it leaves its actions to that one.
extension StoreCore {
  /// Performs a batch and what has come meanwhile. Only for the thread that has claimed the outbox.
  ///
  /// Other threads may go on adding as fast as this one performs. So that a single `set` does not end up working for
  /// them, a thread performs a share, and then leaves off: to the next who writes or, if nobody does, to a task.
  func perform(_ batch: consuming Batch, share: Int) {
    var share = share
    var batch = batch
    while true {
      perform(&batch.contents, share: &share)
      guard batch.contents.count == 0 else { return leave(batch) }
      // Before the lock is taken: values are let go of.
      batch.contents.clear()
      // What there was when these were put up has been performed, even if there is more by now. They are opened when it
      // is known whether there is, so that whoever waits and then writes alone finds nobody performing.
      let reached = batch.barriers
      let next = state.withLock { state -> Batch? in
        swap(&state.spare, &batch.contents)
        if let next = state.takeBatch() { return next }
        state.isDraining = false
        return nil
      }
      for barrier in reached { barrier.open() }
      guard let next else { return }
      guard share > 0 else { return leave(next) }
      batch = next
    }
  }

  /// Leaves what has not been performed to others.
  private func leave(_ batch: consuming Batch) {
    var batch: Batch? = batch
    state.withLock { state in
      state.rest = batch.take()
      state.isDraining = false
    }
    Task.detached { if !self.isDropped { self.performWhatIsThere() } }
  }

  /// Performs what is in the outbox, if nobody else is at it.
  func performWhatIsThere() {
    if let batch = state.withLock({ $0.claimOutbox() }) { perform(batch, share: Share.task) }
  }

  /// How many actions a thread performs before it leaves off. Performing one can mean receiving a message on another
  /// store, in this very thread, and performing that store's share: so that one is small.
  enum Share {
    static var write: Int { 256 }
    static var receive: Int { 16 }
    static var task: Int { 4_096 }
  }

  private func perform(_ contents: inout Outbox<ErasedValue>.Contents, share: inout Int) {
    if !contents.events.isEmpty {
      events.append(contents.events)
      share -= contents.events.count
      contents.eventsAreTold()
    }
    while share > 0, let action = contents.takeAction() {
      perform(action)
      share -= 1
    }
  }

  private func perform(_ action: Outbox<ErasedValue>.Action) {
    switch action {
    case .publish(let message):
      publish(message)
    case .publishUnsent:
      inBackground { _ = $0.publishUnsent() }
    // If one of these does not arrive, so that nobody answers, the replica notices and tries again.
    case .send(let content, let receiver):
      let message = SyncMessage(sender: identity, content).encoded()
      _ = sendAside(message, to: receiver.map(inbox) ?? Names.syncTopic(of: topic))
    case .requestState(let request, let source):
      _ = sendAside(request.encoded(), to: inbox(of: source))
    case .answer(let request):
      background.submit(onceFor: request.sender) { if !self.isDropped { await self.answer(request) } }
    case .answerWith(let keys, let request, let closing, let receiver):
      inBackground { $0.answer(request, with: keys, closing: closing, to: receiver) }
    case .push(let keys, let hop, let receiver):
      inBackground { $0.push(keys, hop: hop, to: receiver) }
    case .wake:
      wakeSoon()
    case .look(let pause):
      look(after: pause)
    case .answered(let search):
      // Not those that have asked since.
      for refresh in state.withLock({ $0.refreshes }) where refresh.search <= search { refresh.latch.open() }
    case .caughtUp:
      caughtUp.open()
    case .confirmed:
      confirmed.open()
    case .membersChanged:
      memberUpdates.tell { members }
    case .report(let error):
      reporter.report(error)
    }
  }

  /// What was promised before the store was closed is still sent: half of it would leave another pod with a part.
  private func inBackground(_ work: @escaping @Sendable (StoreCore) -> Void) {
    background.submit { if !self.isDropped { work(self) } }
  }

  /// Only taken out under the lock; made into what users see outside.
  var members: [Member] { state.withLock { $0.replica.members }.map(Member.init) }

  func inbox(of pod: PodIdentity) -> String { Names.inbox(of: pod, on: topic) }

  private func wakeSoon() {
    let pause = Duration.milliseconds(Int64.random(in: 40...60))
    Task.detached {
      try? await self.configuration.time.sleep(pause)
      if !self.isDropped { self.update { $0.replica.wake(outbox: &$0.outbox) } }
    }
  }

  /// By the machine's own clock: a test's need not go on, and the others answer all the same.
  private func look(after pause: Duration) {
    Task.detached {
      try? await Task.sleep(for: pause)
      guard !self.isDropped else { return }
      let others = await self.countOthers()
      self.update { $0.replica.look(others: others, outbox: &$0.outbox) }
    }
  }

  /// How many other pods there are, if the transport can tell.
  func countOthers() async -> Int? {
    await transport.subscriberCount(of: Names.syncTopic(of: topic)).map { $0 - 1 }
  }

  private func publish(_ message: ByteBuffer) {
    switch configuration.wireFormat {
    case .v1: publishAsEvents(message)
    case .v2:
      guard let refusal = send(message, to: topic) else { return }
      publishFailed(WireDecoder.keys(ofWrite: message), refusal)
    }
  }

  func publishFailed(_ keys: [Key], _ refusal: String) {
    state.withLock { $0.replica.publishFailed(keys) }
    reporter.report(
      StoreError(
        .publishFailed, "\(refusal); entries to be sent again later: \(keys.count)", key: keys.first?.string))
  }

  /// Hands a message to the transport that is no write, for one of the side topics. Returns why it did not take it, if it
  /// did not.
  func sendAside(_ message: ByteBuffer, to topic: String) -> String? {
    traffic.syncBytesSent.count(UInt64(message.readableBytes))
    return send(message, to: topic)
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

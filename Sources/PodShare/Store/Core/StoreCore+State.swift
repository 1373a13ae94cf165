import NIOCore

// What a pod sends of its table, rather than of a single write. Runs in the background: encoding takes time.
extension StoreCore {
  /// Sends everything this pod holds to the pod that asked, no faster than the transport gets rid of it: a state may be
  /// larger than what it can queue.
  func answer(_ request: StateRequest) async {
    let (snapshot, context, isSettled) = state.withLock { state in
      (table.snapshot(), state.replica.context, state.replica.isSettled)
    }
    let inbox = inbox(of: request.sender)
    var isRefused = false
    var bytesUndrained = 0
    var encoder = StateEncoder(
      sender: identity, answer: .init(request: request.id, id: randomID()), isSettled: isSettled
    ) { chunk in
      bytesUndrained += chunk.readableBytes
      // After a gap the receiver finds out by comparing what it lacks.
      if !isRefused { isRefused = self.sendAside(chunk, to: inbox) != nil }
    }
    // An answer that lacks an entry must not claim that its receiver has seen everything.
    var isComplete = true
    for entry in snapshot.entries {
      isComplete = add(entry, to: &encoder) && isComplete
      if isRefused { return }
      guard bytesUndrained > Self.bytesSentBeforeDraining else { continue }
      bytesUndrained = 0
      await drainForAWhile()
    }
    encoder.finish(isComplete ? context : CausalContext())
    if !isRefused { traffic.statesServed.count() }
  }

  /// Not until it has succeeded: a peer that does not read must not hold up what others are to be sent, and they are all
  /// served in turn.
  private func drainForAWhile() async {
    let drained = Latch()
    let drain = Task { [transport] in
      try? await transport.drain()
      drained.open()
    }
    await drained.wait(atMost: .milliseconds(500))
    drain.cancel()
  }

  private static var bytesSentBeforeDraining: Int { 4 * 1_024 * 1_024 }

  /// Answers a pod's question with the present entries of some keys.
  func answer(_ request: UInt64, with keys: [Key], closing: CausalContext, to receiver: PodIdentity) {
    var isRefused = false
    let inbox = inbox(of: receiver)
    var encoder = StateEncoder(
      sender: identity, answer: .init(request: request, id: randomID()), isSettled: isSettled
    ) { chunk in
      if !isRefused { isRefused = self.sendAside(chunk, to: inbox) != nil }
    }
    let isComplete = add(keys, to: &encoder)
    encoder.finish(isComplete ? closing : CausalContext())
  }

  /// Sends a pod the present entries of some keys.
  func push(_ keys: [Key], hop: UInt8, to receiver: PodIdentity) {
    let inbox = inbox(of: receiver)
    var encoder = StateEncoder(sender: identity, answer: nil, hop: hop, isSettled: isSettled) { chunk in
      _ = self.sendAside(chunk, to: inbox)
    }
    add(keys, to: &encoder)
    encoder.finish()
  }

  private var isSettled: Bool { state.withLock { $0.replica.isSettled } }

  @discardableResult
  private func add(_ keys: [Key], to encoder: inout StateEncoder) -> Bool {
    var isComplete = true
    for key in keys {
      guard let entry = table.entry(forKey: key) else { continue }
      isComplete = add(CollectionOfOne((key: key, value: entry)), to: &encoder) && isComplete
    }
    return isComplete
  }

  /// Sends the present entries of all keys that have not been sent: seeds, and what the transport had refused.
  /// Returns how many it has refused again.
  func publishUnsent() -> Int {
    let keys = state.withLock { state in
      let keys = state.replica.takeUnsent()
      state.keysBeingSent = keys.count
      return keys
    }
    guard !keys.isEmpty else { return 0 }
    let refused =
      switch configuration.wireFormat {
      case .v1: publishAsEvents(keys)
      case .v2: publishAsState(keys)
      }
    state.withLock { state in
      state.keysBeingSent = 0
      state.replica.publishFailed(refused)
    }
    return refused.count
  }

  /// Returns the keys from the first on that the transport refused: what it has taken is not sent again, so that even a
  /// queue much smaller than what there is to send lets it all through in the end.
  private func publishAsState(_ keys: [Key]) -> ArraySlice<Key> {
    var isRefused = false
    var encoder = StateEncoder(sender: identity, answer: nil, isSettled: true) { chunk in
      if !isRefused { isRefused = self.send(chunk, to: self.topic) != nil }
    }
    var rest = keys[...]
    for (index, key) in keys.enumerated() where !isRefused {
      if let entry = table.entry(forKey: key) { add([key: entry], to: &encoder) }
      if encoder.isEmpty, !isRefused { rest = keys[(index + 1)...] }
    }
    encoder.finish()
    return isRefused ? rest : []
  }

  /// Adds an entry; false if the codec refused it, which is reported and left out.
  private func add(_ entry: SnapshotEntry, to encoder: inout StateEncoder) -> Bool {
    if case .plain(let plain) = entry {
      do {
        try codec.withBytes(of: plain.value) { bytes in
          plain.withKey { encoder.set($0, version: plain.version, to: bytes) }
        }
        return true
      } catch {
        reporter.report(.encodingFailed(key: entry.key.string, error))
        return false
      }
    }
    return add(CollectionOfOne((key: entry.key, value: entry.entry)), to: &encoder)
  }

  /// Adds entries; false if the codec refused one, which is reported and left out.
  @discardableResult
  func add(
    _ entries: some Sequence<(key: Key, value: StoredEntry<ErasedValue>)>, to encoder: inout StateEncoder
  ) -> Bool {
    var isComplete = true
    for (key, entry) in entries {
      do {
        try encoder.add(entry, forKey: key) { try codec.encode($0, into: &$1) }
      } catch {
        isComplete = false
        reporter.report(.encodingFailed(key: key.string, error))
      }
    }
    return isComplete
  }
}

import NIOConcurrencyHelpers
import NIOCore

// What becomes of the bytes that come in: message, values, replica. Decoding is done before the lock is taken.
extension StoreCore {
  func receive(_ event: TransportEvent) {
    switch event {
    case .message(let bytes): receive(bytes)
    case .interrupted:
      update { state in
        state.interruptions += 1
        state.replica.disconnected()
      }
    case .resumed:
      update { state in
        // What is kept may lack something now. It is only replaced if it does.
        state.isDirty = true
        state.replica.connected(outbox: &state.outbox)
      }
      auditing.withLockedValue { $0.isDue = true }
      // What is kept there may have changed meanwhile.
      guard hasKeeper else { return }
      Task.detached {
        await self.reportingErrors { () async throws(StoreError) in try await self.load() }
      }
    }
  }

  func receive(_ bytes: ByteBuffer) {
    traffic.messagesReceived.count()
    // A pod need not decode what it has itself encoded.
    if preamble.begins(bytes) { return }
    let known = authors.sender(of: bytes)
    if let known, receivePlainWrite(bytes, by: known) { return }
    do {
      if try receiveState(bytes) { return }
      let message = try WireDecoder.decode(bytes, knowing: known)
      if case .write(let write) = message, write.author.hasKnownIncarnation, known?.identity != write.author {
        authors.insert(write.author)
      }
      receive(message)
    } catch {
      traffic.invalidMessages.count()
      reporter.report(.invalidMessage(error))
    }
  }

  /// The short way for nearly all messages. Returns false if this is another one, or its value cannot be decoded.
  private func receivePlainWrite(_ message: ByteBuffer, by author: EncodedIdentity) -> Bool {
    guard let plain = WireDecoder.plainWrite(message, by: author),
      let value = try? codec.decode(plain.key, plain.value, of: message)
    else { return false }
    let write = Write(key: plain.key, version: plain.version, content: .set(value))
    let (wall, pod) = (now(), author.identity)
    update { state in
      state.isDirty = true
      state.replica.receive(
        write, from: pod, stampedAt: write.version.timestamp, wall: wall, outbox: &state.outbox)
    }
    return true
  }

  /// Takes in a part of a state. Returns false if the message is something else.
  private func receiveState(_ message: ByteBuffer) throws(WireError) -> Bool {
    let state = try WireDecoder.state(message) { key, range in
      try codec.decode(key, range, of: message)
    } report: { write, reason in
      report(write, isUndecodableBecause: reason)
    }
    guard let (chunk, writes) = state else { return false }
    receive(chunk, writes)
    return true
  }

  private func receive(_ chunk: StateChunk, _ writes: [Write<ErasedValue>]) {
    let wall = now()
    update { state in
      state.isDirty = true
      // What had to be healed may not have been kept either. What this pod joins with was, or its source sees to it.
      if keepsEntries, state.replica.isSettled {
        for write in writes { state.unsaved.insert(write.key) }
      }
      state.replica.receive(chunk, entries: writes, wall: wall, outbox: &state.outbox)
    }
  }

  private func report(_ write: Write<ErasedValue>, isUndecodableBecause reason: String) {
    reporter.report(.undecodable(key: write.key.string, reason: reason, peer: write.version.origin))
  }

  private func receive(_ message: WireMessage) {
    let wall = now()
    switch message {
    case .write(let write):
      receive(write, wall: wall)
    case .stateRequest(let request):
      update { state in
        state.replica.receive(request, outbox: &state.outbox)
      }
    case .state(let chunk, let entries):
      receive(chunk, decode(entries))
    case .sync(let message):
      update { state in
        state.replica.receive(message, wall: wall, outbox: &state.outbox)
      }
    }
  }

  private func receive(_ message: WireWrite, wall: Timestamp) {
    let (author, timestamp) = (message.author, message.timestamp)
    if message.entries.count == 1 {
      let write = decode(message.entries[0])
      update { state in
        state.isDirty = true
        // It saves a moment later.
        if !author.hasKnownIncarnation { state.looksAtSnapshot = 2 }
        state.replica.receive(
          write, from: author, stampedAt: timestamp, wall: wall, outbox: &state.outbox)
      }
    } else {
      let writes = decode(message.entries)
      update { state in
        state.isDirty = true
        state.replica.receive(
          writes, from: author, stampedAt: timestamp, wall: wall, outbox: &state.outbox)
      }
    }
  }

  func decode(_ entries: [WireEntry]) -> [Write<ErasedValue>] {
    var writes: [Write<ErasedValue>] = []
    writes.reserveCapacity(entries.count)
    for index in entries.indices { writes.append(decode(entries[index])) }
    return writes
  }

  // Inlined, like what it calls, lest every entry is copied whole.
  @inline(__always)
  private func decode(_ entry: WireEntry) -> Write<ErasedValue> {
    let (write, undecodable) = entry.decoded { try codec.decode($0, $1) }
    if let undecodable { report(write, isUndecodableBecause: undecodable) }
    return write
  }
}

// Beginning: another pod's whole state is streamed in, in chunks that are merged as they come.
extension Replica where Storage: ~Copyable {
  mutating func joinFrom(_ source: PodIdentity, outbox: inout Outbox<Value>) {
    guard healing.joining == nil, !healing.isSettled, !healing.isLoading,
      !healing.unreliableSources.contains(source)
    else {
      return
    }
    let id = healing.random.next()
    var unconfirmed: Set<Key> = []
    if storage.count > 0 {
      storage.forEachEntry(inBucket: 0, bits: 0) { key, entry in
        if !entry.isTombstone { unconfirmed.insert(key) }
      }
    }
    healing.joining = Healing.Joining(
      source: source, id: id, unconfirmed: unconfirmed, asked: healing.tick, lastProgress: healing.tick)
    outbox.append(.requestState(StateRequest(sender: identity, id: id), from: source))
  }

  /// Sees to a stream that was asked for and does not come, or has stopped.
  mutating func lookAfterStream(_ outbox: inout Outbox<Value>) {
    guard !healing.isSettled else { return }
    guard let joining = healing.joining else {
      if healing.isOverdue { settleIfNobodyIsThere(&outbox) }
      return
    }
    if joining.answer.hasBegun {
      // What has come is not asked for again: a comparison finds what has not.
      let patience = healing.isOverdue ? Healing.patience : Healing.patienceWithStream
      guard healing.tick - joining.lastProgress >= patience else { return }
      settle(&outbox)
      compareWithSomebody(&outbox)
    } else if !isThere(joining.source) || healing.tick - joining.asked >= Healing.patienceWithStream {
      tryAnotherSource(insteadOf: joining, outbox: &outbox)
    } else {
      // The question may be lost; if it is waiting there to be answered, this one takes its place.
      outbox.append(.requestState(StateRequest(sender: identity, id: joining.id), from: joining.source))
    }
  }

  /// Whether a pod that has joined was heard of in this tick or the one before.
  private func isThere(_ pod: PodIdentity) -> Bool {
    healing.members[pod].map { $0.heartbeat.isSettled && $0.lastHeard >= healing.tick - 1 } ?? false
  }

  /// Asks another for its state, or the same again where there is no other.
  private mutating func tryAnotherSource(insteadOf joining: Healing.Joining, outbox: inout Outbox<Value>) {
    healing.unreliableSources.insert(joining.source)
    let sources = healing.members.all.map(\.identity).filter { isThere($0) }
    var untried = sources.filter { !healing.unreliableSources.contains($0) }
    if untried.isEmpty {
      healing.unreliableSources = []
      untried = sources
    }
    healing.joining = nil
    if let other = untried.randomElement(using: &healing.random) {
      joinFrom(other, outbox: &outbox)
    } else if healing.isOverdue {
      settleIfNobodyIsThere(&outbox)
    }
  }

  private mutating func settleIfNobodyIsThere(_ outbox: inout Outbox<Value>) {
    guard !healing.members.all.contains(where: { isThere($0.identity) }) else { return }
    settle(&outbox)
  }

  /// Another pod asks for what this one holds.
  package mutating func receive(_ request: StateRequest, outbox: inout Outbox<Value>) {
    guard request.sender != identity, healing.allowance.grant(.state, to: request.sender) else { return }
    outbox.append(.answer(request))
  }

  /// There is a key here that has not come in the stream, if there is one.
  mutating func noteUnconfirmed(_ key: Key) {
    healing.joining?.unconfirmed.insert(key)
  }

  /// A key has come in the stream.
  mutating func confirm(_ key: Key) {
    guard healing.joining?.unconfirmed.isEmpty == false else { return }
    healing.joining?.unconfirmed.remove(key)
  }

  /// A chunk of the stream has been merged.
  mutating func receiveStream(
    _ chunk: StateChunk, at position: StateChunk.Position, outbox: inout Outbox<Value>
  ) {
    guard var joining = healing.joining else { return }
    joining.lastProgress = healing.tick
    counters.healing.streamed += 1
    guard let theirs = joining.answer.receive(chunk, at: position) else {
      healing.joining = joining
      return
    }
    drop(joining.unconfirmed, seenBy: theirs, outbox: &outbox)
    recorded.formUnion(theirs)
    settle(&outbox)
    catchUp(with: joining.source, outbox: &outbox)
    compareWithSomebody(&outbox)
  }

  /// Drops what somebody else does not hold who has seen it, and so has seen it deleted.
  mutating func drop(
    _ missing: some Sequence<Key>, seenBy theirs: CausalContext, outbox: inout Outbox<Value>
  ) {
    for key in missing {
      guard let entry = storage.entry(forKey: key), !entry.isTombstone, theirs.contains(entry.version) else {
        continue
      }
      drop(key, outbox: &outbox)
    }
  }

  /// Nobody has sent anything for as long as joining may take. Who has been asked and is there has others to serve first, or
  /// did not hear it, and will send all of it yet: to compare instead, with nothing here, would take far longer.
  package mutating func joinDeadlineReached(outbox: inout Outbox<Value>) {
    guard !healing.isSettled else {
      // Nobody else is there, and what the last to leave had kept is here.
      return trustWhatWasKept(&outbox)
    }
    healing.isOverdue = true
    if let joining = healing.joining, !joining.answer.hasBegun, isThere(joining.source) { return }
    settle(&outbox)
    trustWhatWasKept(&outbox)
    let others = healing.members.all
    if let other = others.first, others.allSatisfy({ $0.heartbeat.root == digest.root }) {
      catchUp(with: other.identity, outbox: &outbox)
    }
    compareWithSomebody(&outbox)
  }
}

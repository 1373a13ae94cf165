// Beginning: another pod's whole state is streamed in, in chunks that are merged as they come.
extension Replica where Storage: ~Copyable {
  mutating func joinFrom(_ source: PodIdentity, outbox: inout Outbox<Value>) {
    guard healing.joining == nil, !healing.isSettled, !healing.unreliableSources.contains(source) else {
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
      source: source, id: id, unconfirmed: unconfirmed, lastProgress: healing.tick)
    outbox.append(.requestState(StateRequest(sender: identity, id: id), from: source))
  }

  /// A stream has stopped. Where there is no other source, the same is asked again, and what it still sends is not lost.
  mutating func tryAnotherSource(insteadOf joining: Healing.Joining, outbox: inout Outbox<Value>) {
    healing.unreliableSources.insert(joining.source)
    let sources = healing.members.all.filter(\.heartbeat.isSettled).map(\.identity)
    if let other = sources.filter({ !healing.unreliableSources.contains($0) })
      .randomElement(using: &healing.random)
    {
      healing.joining = nil
      joinFrom(other, outbox: &outbox)
    } else {
      healing.unreliableSources = []
      healing.joining?.lastProgress = healing.tick
      outbox.append(.requestState(StateRequest(sender: identity, id: joining.id), from: joining.source))
    }
  }

  /// Another pod asks for what this one holds.
  package mutating func receive(_ request: StateRequest, outbox: inout Outbox<Value>) {
    guard request.sender != identity, healing.allowance.grant(.state, to: request.sender) else { return }
    outbox.append(.answer(request))
  }

  /// A chunk of the stream has been merged.
  mutating func receiveStream(
    _ chunk: StateChunk, at position: StateChunk.Position, keys: [Key], outbox: inout Outbox<Value>
  ) {
    guard var joining = healing.joining else { return }
    for key in keys { joining.unconfirmed.remove(key) }
    joining.lastProgress = healing.tick
    guard let theirs = joining.answer.receive(chunk, at: position) else {
      healing.joining = joining
      return
    }
    for key in joining.unconfirmed {
      guard let entry = storage.entry(forKey: key), !entry.isTombstone, theirs.contains(entry.version) else {
        continue
      }
      drop(key, outbox: &outbox)
    }
    context.formUnion(theirs)
    settle(&outbox)
    // Another may hold more: one that is empty can be the first to answer.
    healing.notCompared.remove(joining.source)
    if healing.notCompared.isEmpty { catchUp(with: joining.source, outbox: &outbox) }
    compareWithSomebody(&outbox)
  }

  /// Nobody answered for as long as joining may take.
  package mutating func joinDeadlineReached(outbox: inout Outbox<Value>) {
    guard !healing.isSettled else { return }
    settle(&outbox)
    let others = healing.members.all
    if let other = others.first, others.allSatisfy({ $0.heartbeat.root == digest.root }) {
      catchUp(with: other.identity, outbox: &outbox)
    }
    compareWithSomebody(&outbox)
  }
}

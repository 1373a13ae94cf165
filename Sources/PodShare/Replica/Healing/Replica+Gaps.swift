// Numbers that are missing: an author's writes are numbered, so a hole shows what was lost, and the author knows what it
// was about.
extension Replica where Storage: ~Copyable {
  /// Waits a little before asking: what is missing may only have been overtaken.
  mutating func wakeIfNumbersAreMissing(_ outbox: inout Outbox<Value>) {
    wake(
      if: { replica in replica.healing.members.all.contains { !replica.missingNumbers(of: $0).isEmpty } },
      &outbox)
  }

  /// The same, for the numbers of one pod.
  mutating func wakeIfNumbersAreMissing(of author: PodIdentity, _ outbox: inout Outbox<Value>) {
    wake(
      if: { replica in
        replica.healing.members[author].map { !replica.missingNumbers(of: $0).isEmpty } ?? false
      }, &outbox)
  }

  private mutating func wake(if isNeeded: (borrowing Self) -> Bool, _ outbox: inout Outbox<Value>) {
    guard !healing.isWaking, healing.isSettled, isConnected, isNeeded(self) else { return }
    healing.isWaking = true
    outbox.append(.wake)
  }

  /// The short wait is over.
  package mutating func wake(outbox: inout Outbox<Value>) {
    healing.isWaking = false
    guard isConnected else { return }
    for member in healing.members.all {
      let numbers = missingNumbers(of: member)
      guard !numbers.isEmpty else { continue }
      var member = member
      let id = healing.random.next()
      member.missing = (id, AnswerProgress(), healing.tick)
      healing.members[member.identity] = member
      counters.healing.gaps += 1
      outbox.append(.send(.missing(.init(id: id, numbers: numbers)), to: member.identity))
    }
  }

  /// Which of a pod's numbers have not been taken in; none if it has been asked in this tick or the one before.
  private func missingNumbers(of member: Members.Member) -> [ClosedRange<UInt64>] {
    if let missing = member.missing, healing.tick - missing.asked < Healing.patience { return [] }
    let announced = member.heartbeat.lastSequence
    // Who writes wire version 1 announces none, and its numbers are not to be had.
    guard announced > member.identity.incarnation else { return [] }
    // A write can have come since the last heartbeat.
    return recorded.missing(
      of: member.identity, upTo: max(announced, recorded.last(of: member.identity) ?? announced))
  }

  /// Another pod lacks some of this pod's writes. It is sent what is under their keys now.
  mutating func receive(
    _ missing: SyncMessage.Missing, from sender: PodIdentity, outbox: inout Outbox<Value>
  ) {
    guard healing.allowance.grant(.recentEntries, to: sender) else { return }
    let (keys, numbers) = recent.keys(of: missing.numbers)
    var covered = CausalContext()
    for range in numbers { covered.insert(range, of: identity) }
    counters.healing.entriesSent += UInt64(keys.count)
    outbox.append(.answerWith(keys, request: missing.id, closing: covered, to: sender))
  }

  /// A chunk of such an answer has been merged. Returns false if it is none.
  mutating func receiveMissing(_ chunk: StateChunk, at position: StateChunk.Position) -> Bool {
    guard var member = healing.members[chunk.sender], var missing = member.missing,
      missing.id == position.request
    else { return false }
    if let covered = missing.answer.receive(chunk, at: position) {
      for range in covered.seen[chunk.sender]?.ranges ?? [] { recorded.insert(range, of: chunk.sender) }
    }
    member.missing = missing
    healing.members[chunk.sender] = member
    return true
  }
}

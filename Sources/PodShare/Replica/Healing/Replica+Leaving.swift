// The end: a pod that closes makes sure that its last writes are somewhere else too, and says goodbye.
extension Replica where Storage: ~Copyable {
  /// Whether some other pod has everything that was written here; so it is where nothing was written.
  package var isConfirmed: Bool { healing.confirmed >= lastSequence || storage.count == 0 }

  /// Asks some other pods whether they have everything that was written here. Returns false if there is nobody to ask.
  package mutating func askForReceipt(outbox: inout Outbox<Value>) -> Bool {
    guard isConnected else { return false }
    let others = healing.members.all.filter(\.heartbeat.isSettled)
    for other in others.shuffled(using: &healing.random).prefix(3) {
      let question = SyncMessage.Receipt(root: digest.root, lastSequence: lastSequence, isQuestion: true)
      outbox.append(.send(.receipt(question), to: other.identity))
    }
    return !others.isEmpty
  }

  /// Another pod asks whether this one has all its writes, or says that it has all of this one's.
  mutating func receive(
    _ receipt: SyncMessage.Receipt, from sender: PodIdentity, outbox: inout Outbox<Value>
  ) {
    guard receipt.isQuestion else {
      guard receipt.lastSequence <= lastSequence, receipt.lastSequence > healing.confirmed else { return }
      healing.confirmed = receipt.lastSequence
      if isConfirmed { outbox.append(.confirmed) }
      return
    }
    // What is written in wire version 1 has no numbers that others know; but who holds the same has the same.
    let hasAll =
      receipt.root == digest.root || recorded.missing(of: sender, upTo: receipt.lastSequence).isEmpty
    if hasAll, healing.allowance.grant(.receipt, to: sender) {
      var answer = receipt
      answer.isQuestion = false
      outbox.append(.send(.receipt(answer), to: sender))
    } else if var member = healing.members[sender], member.heartbeat.lastSequence < receipt.lastSequence {
      member.heartbeat.lastSequence = receipt.lastSequence
      healing.members[sender] = member
      wakeIfNumbersAreMissing(of: sender, &outbox)
    }
  }

  /// This pod is about to go.
  package mutating func leave(outbox: inout Outbox<Value>) {
    guard isConnected else { return }
    outbox.append(.send(.goodbye, to: nil))
  }

  /// Another pod is about to go.
  mutating func receiveGoodbye(from sender: PodIdentity, outbox: inout Outbox<Value>) {
    guard healing.members[sender] != nil else { return }
    healing.members[sender] = nil
    outbox.append(.membersChanged)
  }
}

// The door through which everything comes that pods tell one another beside their writes.
extension Replica where Storage: ~Copyable {
  package mutating func receive(_ message: SyncMessage, wall: Timestamp, outbox: inout Outbox<Value>) {
    let sender = message.sender
    guard sender != identity, isConnected else { return }
    switch message.content {
    case .heartbeat(let heartbeat): receive(heartbeat, from: sender, wall: wall, outbox: &outbox)
    case .comparison(let comparison): receive(comparison, from: sender, outbox: &outbox)
    case .differences(let differences): receive(differences, from: sender, outbox: &outbox)
    case .want(let want): receive(want, from: sender, outbox: &outbox)
    case .missing(let missing): receive(missing, from: sender, outbox: &outbox)
    case .context(let offer): receive(offer, from: sender, outbox: &outbox)
    case .forgotten(let forgotten): receive(forgotten, from: sender, outbox: &outbox)
    case .receipt(let receipt): receive(receipt, from: sender, outbox: &outbox)
    case .goodbye: receiveGoodbye(from: sender, outbox: &outbox)
    }
  }

  /// Takes in a part of what another pod holds.
  package mutating func receive(
    _ chunk: StateChunk, entries: [Write<Value>], wall: Timestamp, outbox: inout Outbox<Value>
  ) {
    guard chunk.sender != identity else { return }
    let applied = counters.appliedWrites
    let isStream =
      healing.joining.map { $0.source == chunk.sender && $0.id == chunk.position?.request } ?? false
    let unchanged = chunk.hop == Healing.maxHops ? keysUnchangedSincePushed(entries, to: chunk.sender) : []
    let forgotten = merge(entries, isStream: isStream, wall: wall, outbox: &outbox)
    counters.healing.entriesReceived += counters.appliedWrites - applied
    guard let position = chunk.position else {
      if let hop = chunk.hop {
        answer(entries, hop: hop, forgotten: forgotten, to: chunk.sender, outbox: &outbox)
        giveUpJoining(entries, of: unchanged, from: chunk.sender, outbox: &outbox)
      }
      return
    }
    if isStream {
      receiveStream(chunk, at: position, outbox: &outbox)
    } else {
      answer(entries, hop: 0, forgotten: forgotten, to: chunk.sender, outbox: &outbox)
      if !receiveMissing(chunk, at: position) { _ = receiveWanted(chunk, at: position, outbox: &outbox) }
    }
  }

  /// Takes in entries that a transport had kept. Returns the keys of those that were deleted here and are not even
  /// remembered as such.
  @discardableResult
  package mutating func receive(
    saved entries: [Write<Value>], wall: Timestamp, outbox: inout Outbox<Value>
  ) -> Set<Key> {
    let forgotten = merge(entries, isStream: false, wall: wall, outbox: &outbox)
    guard !forgotten.isEmpty else { return [] }
    let hashes = Set(forgotten.map(\.keyHash))
    return Set(entries.lazy.map(\.key).filter { hashes.contains(StableHash.hash($0)) })
  }

  // MARK: What a transport had not taken

  /// A transport did not take these keys' entries: they are sent again with the next tick.
  package mutating func publishFailed(_ keys: some Sequence<Key>) {
    unsent.formUnion(keys)
  }

  /// Sends what a transport had not taken.
  mutating func publishUnsent(_ outbox: inout Outbox<Value>) {
    guard !unsent.isEmpty else { return }
    outbox.append(.publishUnsent)
  }

  /// Takes out the keys whose entries must be sent again, for whoever is about to do so.
  package mutating func takeUnsent() -> [Key] {
    defer { unsent = [] }
    return Array(unsent)
  }
}

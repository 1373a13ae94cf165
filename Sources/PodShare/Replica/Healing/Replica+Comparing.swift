// Finding out where two pods differ, and sending only that. The one that begins leads: it asks, the other answers.
extension Replica where Storage: ~Copyable {
  // MARK: Leading

  /// Begins to compare with somebody whose root differs, of those who have been heard of just now.
  mutating func compareWithSomebody(_ outbox: inout Outbox<Value>) {
    compare(with: healing.members.all.filter { $0.lastHeard >= healing.tick - 1 }, &outbox)
  }

  /// Begins to compare with one of some pods whose root differs, if it is time.
  mutating func compare(with members: [Members.Member], _ outbox: inout Outbox<Value>) {
    guard isConnected, healing.isSettled, healing.comparing == nil,
      healing.comparisonsBegun < Healing.comparisonsPerTick
    else { return }
    let root = digest.root
    let others = members.filter {
      $0.heartbeat.isSettled && $0.heartbeat.root != root && $0.comparedAt != $0.heartbeat.counter
        && $0.settledDifference != Members.Roots(mine: root, theirs: $0.heartbeat.root)
    }
    guard var member = others.randomElement(using: &healing.random) else { return }
    // If many are equal and one is not, it is not for all of them to run to that one.
    let equals = healing.members.all.count { $0.heartbeat.root == root }
    guard equals < 3 || Int.random(in: 0...equals, using: &healing.random) < 3 else { return }
    healing.comparisonsBegun += 1
    counters.healing.comparisons += 1
    member.comparedAt = member.heartbeat.counter
    healing.members[member.identity] = member
    healing.comparing = Healing.Comparing(
      peer: member.identity, id: 0, buckets: Bucket.root.children, lastProgress: healing.tick,
      search: healing.searches, roots: Members.Roots(mine: root, theirs: member.heartbeat.root),
      entriesBefore: counters.healing.entriesReceived)
    ask(&outbox)
  }

  /// Asks the next question; if there is none, the comparison is over.
  private mutating func ask(_ outbox: inout Outbox<Value>) {
    guard var comparing = healing.comparing else { return }
    comparing.id = healing.random.next()
    comparing.answer = AnswerProgress()
    comparing.repetitions = 0
    comparing.lastProgress = healing.tick
    if !comparing.wanted.isEmpty {
      let wanted = Array(comparing.wanted.suffix(SyncMessage.Limits.wanted))
      comparing.wanted.removeLast(wanted.count)
      ask(.want(.init(id: comparing.id, keyHashes: wanted)), of: comparing, &outbox)
    } else if !comparing.buckets.isEmpty {
      let buckets = comparing.buckets.suffix(SyncMessage.Limits.comparisons)
      comparing.buckets.removeLast(buckets.count)
      let items = buckets.map { SyncMessage.Comparison.Item(bucket: $0, hash: hash(of: $0)) }
      ask(.comparison(.init(id: comparing.id, items: items)), of: comparing, &outbox)
    } else {
      healing.comparing = nil
      if comparing.isConclusive, comparing.roots.mine == digest.root,
        var member = healing.members[comparing.peer]
      {
        member.settledDifference = comparing.roots
        healing.members[comparing.peer] = member
      }
      catchUp(with: comparing.peer, outbox: &outbox)
      finishSearches(upTo: comparing.search, &outbox)
      // Whoever else differs is next; unless this brought nothing: then it may be writes alone that make the difference, and
      // what the others hold by now is for their next heartbeats to say.
      if counters.healing.entriesReceived > comparing.entriesBefore || !healing.notCompared.isEmpty {
        compareWithSomebody(&outbox)
      }
    }
  }

  private mutating func ask(
    _ question: SyncMessage.Content, of comparing: Healing.Comparing, _ outbox: inout Outbox<Value>
  ) {
    var comparing = comparing
    comparing.question = question
    healing.comparing = comparing
    outbox.append(.send(question, to: comparing.peer))
  }

  /// Asks again what is not answered, while the other is there; or else leaves it, for another to be compared with.
  mutating func lookAfterComparison(_ outbox: inout Outbox<Value>) {
    guard var comparing = healing.comparing, healing.tick - comparing.lastProgress >= Healing.patience else {
      return
    }
    let lastHeard = healing.members[comparing.peer]?.lastHeard ?? .min
    guard let question = comparing.question, comparing.repetitions < Healing.repetitions,
      lastHeard >= healing.tick - 1
    else {
      healing.comparing = nil
      healing.notCompared.remove(comparing.peer)
      return
    }
    comparing.repetitions += 1
    // With the next tick it is asked once more.
    comparing.lastProgress += 1
    healing.comparing = comparing
    outbox.append(.send(question, to: comparing.peer))
  }

  mutating func receive(
    _ differences: SyncMessage.Differences, from sender: PodIdentity, outbox: inout Outbox<Value>
  ) {
    guard healing.comparing?.peer == sender, healing.comparing?.id == differences.id else { return }
    var push: [Key] = []
    for item in differences.items {
      switch item.detail {
      case .children(let hashes):
        for (child, theirs) in zip(item.bucket.children, hashes) where hash(of: child) != theirs {
          healing.comparing?.buckets.append(child)
        }
      case .entries(let theirs):
        compare(item.bucket, with: theirs, push: &push)
      }
    }
    if !push.isEmpty {
      healing.comparing?.isConclusive = false
      self.push(push, hop: 0, to: sender, outbox: &outbox)
    }
    ask(&outbox)
  }

  private mutating func compare(
    _ bucket: Bucket, with theirs: [SyncMessage.EntryDigest], push: inout [Key]
  ) {
    let mine = liveEntries(in: bucket)
    if mine.count > theirs.count + 1_024, bucket.level < Bucket.maxLevel {
      // Nearly all is to be sent: in parts, each asked for by itself, lest it be one burst.
      healing.comparing?.buckets.append(contentsOf: bucket.children)
      return
    }
    let known = Set(mine.map(\.digest))
    healing.comparing?.wanted.append(contentsOf: theirs.filter { !known.contains($0) }.map(\.keyHash))
    let listed = Set(theirs.map(\.keyHash))
    push.append(contentsOf: mine.filter { !listed.contains($0.digest.keyHash) }.map(\.key))
  }

  mutating func push(_ keys: [Key], hop: UInt8, to receiver: PodIdentity, outbox: inout Outbox<Value>) {
    counters.healing.entriesSent += UInt64(keys.count)
    outbox.append(.push(keys, hop: hop, to: receiver))
  }

  /// A chunk of what was wanted has been merged. Returns false if it is none.
  mutating func receiveWanted(
    _ chunk: StateChunk, at position: StateChunk.Position, outbox: inout Outbox<Value>
  ) -> Bool {
    guard healing.comparing?.peer == chunk.sender, healing.comparing?.id == position.request else {
      return false
    }
    healing.comparing?.lastProgress = healing.tick
    counters.healing.wanted += 1
    if healing.comparing?.answer.receive(chunk, at: position) != nil { ask(&outbox) }
    return true
  }

  // MARK: Answering

  mutating func receive(
    _ comparison: SyncMessage.Comparison, from sender: PodIdentity, outbox: inout Outbox<Value>
  ) {
    guard healing.allowance.grant(.differences, to: sender) else { return }
    var items: [SyncMessage.Differences.Item] = []
    for item in comparison.items where hash(of: item.bucket) != item.hash {
      items.append(.init(bucket: item.bucket, detail: detail(of: item.bucket)))
    }
    outbox.append(.send(.differences(.init(id: comparison.id, items: items)), to: sender))
  }

  private func detail(of bucket: Bucket) -> SyncMessage.Differences.Detail {
    let isSmall = storage.count <= SyncMessage.Limits.entriesOfBucket
    if bucket.level < Digest.keptLevels, !isSmall {
      return .children(bucket.children.map { hash(of: $0) })
    }
    let entries = liveEntries(in: bucket).map(\.digest)
    guard entries.count > SyncMessage.Limits.entriesOfBucket, bucket.level < Bucket.maxLevel else {
      return .entries(entries)
    }
    var hashes = Array(repeating: UInt64(0), count: Bucket.fanOut)
    for entry in entries {
      hashes[Int(Bucket(level: bucket.level + 1, of: entry.keyHash).index % UInt64(Bucket.fanOut))] ^=
        entry.hash
    }
    return .children(hashes)
  }

  mutating func receive(_ want: SyncMessage.Want, from sender: PodIdentity, outbox: inout Outbox<Value>) {
    guard healing.allowance.grant(.entries, to: sender) else { return }
    var keys: [Key] = []
    for hash in want.keyHashes {
      storage.forEachEntry(inBucket: hash, bits: 64) { key, entry in
        if !isUnjoinable(key, entry.version) { keys.append(key) }
      }
    }
    counters.healing.entriesSent += UInt64(keys.count)
    outbox.append(.answerWith(keys, request: want.id, closing: CausalContext(), to: sender))
  }

  // MARK: Digests

  func hash(of bucket: Bucket) -> UInt64 {
    if let hash = digest.hash(of: bucket) { return hash }
    var hash: UInt64 = 0
    let isMerged = isMerging
    storage.forEachEntry(inBucket: bucket.prefix, bits: bucket.bits) { key, entry in
      hash ^= entry.digest(keyHash: StableHash.hash(key), isMerged: isMerged)
    }
    return hash
  }

  /// In the order of their digests, so that it does not depend on this process's hashing.
  private func liveEntries(in bucket: Bucket) -> [(key: Key, digest: SyncMessage.EntryDigest)] {
    var entries: [(key: Key, digest: SyncMessage.EntryDigest)] = []
    let isMerged = isMerging
    storage.forEachEntry(inBucket: bucket.prefix, bits: bucket.bits) { key, entry in
      guard !entry.isTombstone else { return }
      let keyHash = StableHash.hash(key)
      let hash = entry.digest(keyHash: keyHash, isMerged: isMerged)
      entries.append((key, SyncMessage.EntryDigest(keyHash: keyHash, hash: hash)))
    }
    return entries.sorted { ($0.digest.keyHash, $0.digest.hash) < ($1.digest.keyHash, $1.digest.hash) }
  }

  // MARK: Entries that came by healing

  /// Answers entries that another pod has sent because it believed this one to lack them: those that were deleted here
  /// long ago it must drop, and those that are known better here it is sent.
  mutating func answer(
    _ entries: [Write<Value>], hop: UInt8, forgotten: [SyncMessage.EntryDigest], to sender: PodIdentity,
    outbox: inout Outbox<Value>
  ) {
    if !forgotten.isEmpty, healing.comparing?.peer == sender { healing.comparing?.isConclusive = false }
    var rest = forgotten[...]
    while !rest.isEmpty {
      let part = rest.prefix(SyncMessage.Limits.forgotten)
      rest = rest.dropFirst(part.count)
      outbox.append(.send(.forgotten(.init(entries: Array(part))), to: sender))
    }
    var better: [Key] = []
    var seen: Set<Key> = []
    for entry in entries where seen.insert(entry.key).inserted {
      guard let stored = storage.entry(forKey: entry.key), !isUnjoinable(entry.key, stored.version) else {
        continue
      }
      if isDifferent(entry, stored) { better.append(entry.key) }
    }
    guard !better.isEmpty, hop < Healing.maxHops, healing.allowance.grant(.corrections, to: sender) else {
      return
    }
    if hop + 2 == Healing.maxHops { noteLastPush(of: better, to: sender) }
    push(better, hop: hop + 1, to: sender, outbox: &outbox)
  }

  /// Whether an entry of another pod's is not what is stored here.
  func isDifferent(_ entry: Write<Value>, _ stored: StoredEntry<Value>) -> Bool {
    let keyHash = StableHash.hash(entry.key)
    let isMerged = isMerging
    return resolution.entry(for: entry).digest(keyHash: keyHash, isMerged: isMerged)
      != stored.digest(keyHash: keyHash, isMerged: isMerged)
  }

  mutating func receive(
    _ forgotten: SyncMessage.Forgotten, from sender: PodIdentity, outbox: inout Outbox<Value>
  ) {
    let isMerged = isMerging
    var keys: [Key] = []
    for digest in forgotten.entries {
      storage.forEachEntry(inBucket: digest.keyHash, bits: 64) { key, entry in
        if !entry.isTombstone, entry.digest(keyHash: digest.keyHash, isMerged: isMerged) == digest.hash {
          keys.append(key)
        }
      }
    }
    for key in keys { drop(key, outbox: &outbox) }
  }
}

extension SyncMessage {
  static func decode(
    _ kind: WireCode.Kind, from sender: PodIdentity, _ reader: inout WireReader
  ) throws(WireError) -> SyncMessage? {
    let content: Content
    switch kind {
    case .heartbeat: content = .heartbeat(try reader.heartbeat())
    case .comparison: content = .comparison(try reader.comparison())
    case .differences: content = .differences(try reader.differences())
    case .want: content = .want(try reader.want())
    case .missing:
      let id: UInt64 = try reader.integer()
      content = .missing(Missing(id: id, numbers: try reader.ranges(atMost: Limits.ranges)))
    case .context: content = .context(try reader.contextOffer())
    case .forgotten:
      content = .forgotten(Forgotten(entries: try reader.entryDigests(atMost: Limits.forgotten)))
    case .receipt: content = .receipt(try reader.receipt())
    case .goodbye: content = .goodbye
    case .write, .stateRequest, .state, .snapshot, .keptContext: return nil
    }
    try reader.requireEnd()
    return SyncMessage(sender: sender, content)
  }
}

extension WireReader {
  fileprivate mutating func heartbeat() throws(WireError) -> SyncMessage.Heartbeat {
    let flags: UInt8 = try integer()
    guard flags & ~WireCode.Heartbeat.known == 0 else { throw error(.malformed("unknown flags \(flags)")) }
    return SyncMessage.Heartbeat(
      counter: try varint(), root: try integer(), tombstones: try integer(), contextHash: try integer(),
      lastSequence: try integer(),
      isSettled: flags & WireCode.Heartbeat.isSettled != 0,
      isCaughtUp: flags & WireCode.Heartbeat.isCaughtUp != 0,
      wantsReply: flags & WireCode.Heartbeat.wantsReply != 0)
  }

  fileprivate mutating func comparison() throws(WireError) -> SyncMessage.Comparison {
    let id: UInt64 = try integer()
    let count = try count(atMost: SyncMessage.Limits.comparisons)
    var items: [SyncMessage.Comparison.Item] = []
    for _ in 0..<count { items.append(.init(bucket: try bucket(), hash: try integer())) }
    return SyncMessage.Comparison(id: id, items: items)
  }

  fileprivate mutating func differences() throws(WireError) -> SyncMessage.Differences {
    let id: UInt64 = try integer()
    let count = try count(atMost: SyncMessage.Limits.comparisons)
    var items: [SyncMessage.Differences.Item] = []
    for _ in 0..<count {
      let bucket = try bucket()
      let code: UInt8 = try integer()
      switch WireCode.Difference(rawValue: code) {
      case .children:
        guard bucket.level < Bucket.maxLevel else { throw error(.malformed("a bucket is too deep")) }
        var hashes: [UInt64] = []
        for _ in 0..<Bucket.fanOut { hashes.append(try integer()) }
        items.append(.init(bucket: bucket, detail: .children(hashes)))
      case .entries:
        items.append(.init(bucket: bucket, detail: .entries(try entryDigests(atMost: .max))))
      case nil: throw error(.malformed("difference kind \(code) is unknown"))
      }
    }
    return SyncMessage.Differences(id: id, items: items)
  }

  fileprivate mutating func want() throws(WireError) -> SyncMessage.Want {
    let id: UInt64 = try integer()
    let count = try count(atMost: SyncMessage.Limits.wanted)
    var hashes: [UInt64] = []
    for _ in 0..<count { hashes.append(try integer()) }
    return SyncMessage.Want(id: id, keyHashes: hashes)
  }

  fileprivate mutating func contextOffer() throws(WireError) -> SyncMessage.ContextOffer {
    let flags: UInt8 = try integer()
    guard flags <= 1 else { throw error(.malformed("unknown flags \(flags)")) }
    let root: UInt64 = try integer()
    let tombstones: UInt64 = try integer()
    return SyncMessage.ContextOffer(
      root: root, tombstones: tombstones, context: try context(), wantsReply: flags == 1)
  }

  mutating func context() throws(WireError) -> CausalContext {
    var context = CausalContext()
    for _ in 0..<(try count()) {
      let author = try author()
      for range in try ranges(atMost: SequenceSet.maxRanges) { context.insert(range, of: author) }
    }
    return context
  }

  fileprivate mutating func receipt() throws(WireError) -> SyncMessage.Receipt {
    let flags: UInt8 = try integer()
    guard flags <= 1 else { throw error(.malformed("unknown flags \(flags)")) }
    return SyncMessage.Receipt(root: try integer(), lastSequence: try integer(), isQuestion: flags == 1)
  }

  fileprivate mutating func ranges(atMost limit: Int) throws(WireError) -> [ClosedRange<UInt64>] {
    var ranges: [ClosedRange<UInt64>] = []
    for _ in 0..<(try count(atMost: limit)) {
      let lower: UInt64 = try integer()
      let (upper, overflow) = lower.addingReportingOverflow(try varint())
      guard !overflow else { throw error(.numberOverflow) }
      ranges.append(lower...upper)
    }
    return ranges
  }

  fileprivate mutating func entryDigests(atMost limit: Int) throws(WireError) -> [SyncMessage.EntryDigest] {
    var entries: [SyncMessage.EntryDigest] = []
    for _ in 0..<(try count(atMost: limit)) {
      entries.append(SyncMessage.EntryDigest(keyHash: try integer(), hash: try integer()))
    }
    return entries
  }

  private mutating func bucket() throws(WireError) -> Bucket {
    let level = Int(try integer(UInt8.self))
    let index = try varint()
    guard level <= Bucket.maxLevel, level == Bucket.maxLevel || index < 1 << UInt64(4 * level) else {
      throw error(.malformed("there is no such bucket"))
    }
    return Bucket(level: level, of: level == 0 ? 0 : index << UInt64(64 - 4 * level))
  }

  private mutating func count(atMost limit: Int) throws(WireError) -> Int {
    let count = try count()
    guard count <= limit else { throw error(.malformed("there are more than \(limit) of a kind")) }
    return count
  }
}

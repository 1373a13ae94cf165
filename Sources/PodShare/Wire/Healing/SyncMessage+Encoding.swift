package import NIOCore

extension SyncMessage {
  /// The message as bytes.
  package func encoded() -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: 128)
    buffer.writeInteger(WireCode.version)
    buffer.writeInteger(kind.rawValue)
    buffer.writeIdentity(sender)
    switch content {
    case .heartbeat(let heartbeat): buffer.write(heartbeat)
    case .comparison(let comparison): buffer.write(comparison)
    case .differences(let differences): buffer.write(differences)
    case .want(let want):
      buffer.writeInteger(want.id)
      buffer.writeVarint(want.keyHashes.count)
      for hash in want.keyHashes { buffer.writeInteger(hash) }
    case .missing(let missing):
      buffer.writeInteger(missing.id)
      buffer.write(missing.numbers)
    case .context(let offer):
      buffer.writeInteger(UInt8(offer.wantsReply ? 1 : 0))
      buffer.writeInteger(offer.root)
      buffer.writeInteger(offer.tombstones)
      buffer.writeContext(offer.context)
    case .forgotten(let forgotten):
      buffer.write(forgotten.entries)
    case .receipt(let receipt):
      buffer.writeInteger(UInt8(receipt.isQuestion ? 1 : 0))
      buffer.writeInteger(receipt.root)
      buffer.writeInteger(receipt.lastSequence)
    case .goodbye: break
    }
    return buffer
  }

  private var kind: WireCode.Kind {
    switch content {
    case .heartbeat: .heartbeat
    case .comparison: .comparison
    case .differences: .differences
    case .want: .want
    case .missing: .missing
    case .context: .context
    case .forgotten: .forgotten
    case .receipt: .receipt
    case .goodbye: .goodbye
    }
  }
}

extension ByteBuffer {
  fileprivate mutating func write(_ heartbeat: SyncMessage.Heartbeat) {
    var flags: UInt8 = 0
    if heartbeat.isSettled { flags |= WireCode.Heartbeat.isSettled }
    if heartbeat.isCaughtUp { flags |= WireCode.Heartbeat.isCaughtUp }
    if heartbeat.wantsReply { flags |= WireCode.Heartbeat.wantsReply }
    writeInteger(flags)
    writeVarint(heartbeat.counter)
    writeInteger(heartbeat.root)
    writeInteger(heartbeat.tombstones)
    writeInteger(heartbeat.contextHash)
    writeInteger(heartbeat.lastSequence)
  }

  fileprivate mutating func write(_ comparison: SyncMessage.Comparison) {
    writeInteger(comparison.id)
    writeVarint(comparison.items.count)
    for item in comparison.items {
      write(item.bucket)
      writeInteger(item.hash)
    }
  }

  fileprivate mutating func write(_ differences: SyncMessage.Differences) {
    writeInteger(differences.id)
    writeVarint(differences.items.count)
    for item in differences.items {
      write(item.bucket)
      switch item.detail {
      case .children(let hashes):
        writeInteger(WireCode.Difference.children.rawValue)
        for hash in hashes { writeInteger(hash) }
      case .entries(let entries):
        writeInteger(WireCode.Difference.entries.rawValue)
        write(entries)
      }
    }
  }

  private mutating func write(_ bucket: Bucket) {
    writeInteger(UInt8(bucket.level))
    writeVarint(bucket.index)
  }

  fileprivate mutating func write(_ entries: [SyncMessage.EntryDigest]) {
    writeVarint(entries.count)
    for entry in entries {
      writeInteger(entry.keyHash)
      writeInteger(entry.hash)
    }
  }

  fileprivate mutating func write(_ ranges: [ClosedRange<UInt64>]) {
    writeVarint(ranges.count)
    for range in ranges {
      writeInteger(range.lowerBound)
      writeVarint(range.upperBound - range.lowerBound)
    }
  }

  mutating func writeContext(_ context: CausalContext) {
    writeVarint(context.seen.count)
    for (author, numbers) in context.seen {
      writeIdentity(author)
      write(numbers.ranges)
    }
  }
}

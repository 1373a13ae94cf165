package import NIOCore

/// Writes what a pod holds as chunks of bounded size, each with a checksum.
package struct StateEncoder {
  package struct Answer: Sendable {
    package var request: UInt64
    /// Drawn at random for this answer.
    package var id: UInt64

    package init(request: UInt64, id: UInt64) {
      self.request = request
      self.id = id
    }
  }

  /// Whether all that was added has been emitted.
  package var isEmpty: Bool { count == 0 }

  private let sender: PodIdentity
  private let answer: Answer?
  private let hop: UInt8?
  private let isSettled: Bool
  private let chunkBytes: Int
  private let emit: (ByteBuffer) -> Void

  private var buffer = ByteBuffer()
  private var countIndex = 0
  private var flagsIndex = 0
  private var count: UInt32 = 0
  private var index = 0
  private var authors: [PodIdentity: Int] = [:]

  /// - Parameters:
  ///   - answer: What is answered, or nil for entries that nobody asked for.
  ///   - hop: Of a push to one pod, how many corrections led to it.
  ///   - chunkBytes: A chunk is closed when it exceeds this.
  ///   - emit: Called with each chunk, in order.
  package init(
    sender: PodIdentity, answer: Answer?, hop: UInt8? = nil, isSettled: Bool,
    chunkBytes: Int = WireLimits.chunkBytes,
    emit: @escaping (ByteBuffer) -> Void
  ) {
    self.sender = sender
    self.answer = answer
    self.hop = hop
    self.isSettled = isSettled
    self.chunkBytes = chunkBytes
    self.emit = emit
    begin()
  }

  package mutating func set(
    _ key: Key, version: Version, epoch: Epoch, fingerprint: UInt64? = nil,
    lifetime: Lifetime = .permanent, encode: (inout ByteBuffer) throws -> Void
  ) throws {
    let start = buffer.writerIndex
    buffer.writeInteger(WireCode.Content.set.rawValue)
    buffer.writeKey(key)
    write(version)
    write(epoch, fingerprint)
    buffer.writeLifetime(lifetime)
    let lengthIndex = buffer.writerIndex
    buffer.writeInteger(UInt32(0))
    do {
      try encode(&buffer)
    } catch {
      // Authors that this entry introduced stay introduced, but their bytes are gone: forget them too.
      buffer.moveWriterIndex(to: start)
      authors = authors.filter { $0.value <= authorsBeforeEntry }
      throw error
    }
    buffer.setInteger(UInt32(buffer.writerIndex - lengthIndex - MemoryLayout<UInt32>.size), at: lengthIndex)
    entryWritten()
  }

  package mutating func delete(_ key: Key, version: Version, epoch: Epoch, deletedAt: Timestamp) {
    buffer.writeInteger(WireCode.Content.delete.rawValue)
    buffer.writeKey(key)
    write(version)
    write(epoch, nil)
    buffer.writeInteger(deletedAt.nanoseconds)
    entryWritten()
  }

  /// Ends an answer, or the entries that nobody asked for (without a context; nothing is sent for none).
  package mutating func finish(_ context: CausalContext? = nil) {
    guard let context, answer != nil else {
      if count > 0 { end(flags: 0) }
      return
    }
    buffer.writeVarint(context.seen.count)
    for (author, numbers) in context.seen {
      write(author)
      buffer.writeVarint(numbers.ranges.count)
      for range in numbers.ranges {
        buffer.writeInteger(range.lowerBound)
        buffer.writeVarint(range.upperBound - range.lowerBound)
      }
    }
    end(flags: WireCode.State.isLast)
  }

  // MARK: Chunks

  private var authorsBeforeEntry = 0

  private mutating func begin() {
    buffer = ByteBufferAllocator().buffer(capacity: 1_024)
    buffer.writeInteger(WireCode.version)
    buffer.writeInteger(WireCode.Kind.state.rawValue)
    buffer.writeIdentity(sender)
    flagsIndex = buffer.writerIndex
    buffer.writeInteger(UInt8(0))
    if let answer {
      buffer.writeInteger(answer.request)
      buffer.writeInteger(answer.id)
      buffer.writeVarint(index)
    } else if let hop {
      buffer.writeInteger(hop)
    }
    countIndex = buffer.writerIndex
    buffer.writeInteger(UInt32(0))
    count = 0
    authors = [:]
    authorsBeforeEntry = 0
  }

  private mutating func entryWritten() {
    count += 1
    authorsBeforeEntry = authors.count
    guard buffer.readableBytes >= chunkBytes else { return }
    end(flags: 0)
    index += 1
    begin()
  }

  private mutating func end(flags: UInt8) {
    var flags = flags
    if isSettled { flags |= WireCode.State.isSettled }
    if answer != nil {
      flags |= WireCode.State.isAnswer
    } else if hop != nil {
      flags |= WireCode.State.isPush
    }
    buffer.setInteger(flags, at: flagsIndex)
    buffer.setInteger(count, at: countIndex)
    buffer.writeInteger(CRC32C.checksum(of: buffer.readableBytesView))
    emit(buffer)
  }

  // An author is written out once a chunk and by its number from then on.
  private mutating func write(_ author: PodIdentity) {
    if let number = authors[author] {
      buffer.writeVarint(number)
    } else {
      authors[author] = authors.count + 1
      buffer.writeVarint(0)
      buffer.writeIdentity(author)
    }
  }

  private mutating func write(_ version: Version) {
    buffer.writeInteger(version.timestamp.nanoseconds)
    write(version.author)
    buffer.writeInteger(version.sequence)
  }

  private mutating func write(_ epoch: Epoch, _ fingerprint: UInt64?) {
    var flags: UInt8 = 0
    if epoch != .beginning { flags |= WireCode.Extra.epoch }
    if fingerprint != nil { flags |= WireCode.Extra.fingerprint }
    buffer.writeInteger(flags)
    if case .after(let delete) = epoch { write(delete) }
    if let fingerprint { buffer.writeInteger(fingerprint) }
  }
}

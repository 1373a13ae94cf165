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
  private var authors = ChunkAuthors()

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

  /// Adds a set; `encode` writes the value's bytes into a buffer of its own, where it can do no harm.
  package mutating func set(
    _ key: Key, version: Version, epoch: Epoch, fingerprint: UInt64? = nil,
    lifetime: Lifetime = .permanent, encode: (inout ByteBuffer) throws -> Void
  ) throws {
    var value = ByteBuffer()
    try encode(&value)
    writeHead(.set, key, version, epoch, fingerprint, lifetime)
    buffer.writeInteger(UInt32(value.readableBytes))
    buffer.writeImmutableBuffer(value)
    entryWritten()
  }

  /// Adds a value of which there is nothing more to say than its version, and whose bytes are there.
  package mutating func set(
    _ key: Span<UInt8>, version: Version, to value: Span<UInt8>
  ) {
    let version = ChunkVersion(version, &authors)
    let limit =
      1 + WireLimits.varintBytes + key.count + version.maxBytes + 1 + 1 + MemoryLayout<UInt32>.size
      + value.count
    buffer.writeWithOutputRawSpan(minimumWritableBytes: limit) { output in
      output.append(WireCode.Content.set.rawValue)
      output.writeKey(key)
      version.write(to: &output)
      output.append(0)  // flags
      output.append(UInt8(truncatingIfNeeded: Lifetime.permanent.kind))
      output.writeInteger(UInt32(clamping: value.count))
      output.writeBytes(value)
    }
    entryWritten()
  }

  package mutating func delete(_ key: Key, version: Version, epoch: Epoch, deletedAt: Timestamp) {
    writeHead(.delete, key, version, epoch, nil, nil)
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
      let name = authors.name(of: author)
      buffer.writeWithOutputRawSpan(minimumWritableBytes: name.maxBytes) { name.write(to: &$0) }
      buffer.writeVarint(numbers.ranges.count)
      for range in numbers.ranges {
        buffer.writeInteger(range.lowerBound)
        buffer.writeVarint(range.upperBound - range.lowerBound)
      }
    }
    end(flags: WireCode.State.isLast)
  }

  // MARK: Chunks

  private mutating func begin() {
    // What follows a whole chunk is mostly as large again.
    buffer = ByteBufferAllocator().buffer(capacity: index == 0 ? 1_024 : chunkBytes + 1_024)
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
    authors = ChunkAuthors()
  }

  private mutating func entryWritten() {
    count += 1
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
    buffer.writeInteger(CRC32C.checksum(of: buffer.readableBytesUInt8Span))
    emit(buffer)
  }

  /// All of an entry that comes before its value and the length of that, or before its time of delete.
  ///
  /// - Parameter lifetime: Of a set.
  private mutating func writeHead(
    _ content: WireCode.Content, _ key: Key, _ version: Version, _ epoch: Epoch, _ fingerprint: UInt64?,
    _ lifetime: Lifetime?
  ) {
    let version = ChunkVersion(version, &authors)
    var flags: UInt8 = 0
    var delete: ChunkVersion?
    if case .after(let version) = epoch {
      flags |= WireCode.Extra.epoch
      delete = ChunkVersion(version, &authors)
    }
    if fingerprint != nil { flags |= WireCode.Extra.fingerprint }
    let fixed = 1 + 3 * WireLimits.varintBytes + 1 + 8
    let limit =
      fixed + key.string.utf8.count + version.maxBytes + (delete?.maxBytes ?? 0)
      + (lifetime?.bytes.count ?? 0)
    buffer.writeWithOutputRawSpan(minimumWritableBytes: limit) { output in
      output.append(content.rawValue)
      key.withSpan { output.writeKey($0) }
      version.write(to: &output)
      output.append(flags)
      delete?.write(to: &output)
      if let fingerprint { output.writeInteger(fingerprint) }
      if let lifetime { output.writeLifetime(lifetime) }
    }
  }
}

package import NIOCore

// What a pod holds, chunk by chunk.
extension WireDecoder {
  /// A part of a state with its entries as they are on the wire.
  static func decodeState(_ reader: inout WireReader) throws(WireError) -> (StateChunk, [WireEntry]) {
    var entries: [WireEntry] = []
    let chunk = try readState(&reader) { reader, authors, count throws(WireError) in
      entries.reserveCapacity(min(count, 4_096))
      for _ in 0..<count {
        let head = try EntryHead(&reader, &authors)
        let content: WireEntry.Content =
          switch head.content {
          case .delete: .delete(at: try reader.timestamp())
          case .set: .set(lifetime: try reader.lifetime(), bytes: try reader.value())
          }
        entries.append(
          WireEntry(
            key: head.key, version: head.version, epoch: head.epoch, content: content,
            fingerprint: head.fingerprint))
      }
    }
    return (chunk, entries)
  }

  /// A part of a state with its entries as writes. Nil if the message is something else. What is malformed is refused as a
  /// whole, as by ``decode(_:)``.
  ///
  /// - Parameters:
  ///   - decode: Makes a value of some of the message's readable bytes, to be written under a key.
  ///   - report: Told of each write whose value `decode` did not want, and why. It is among the writes as it came.
  package static func state<Value: Sendable>(
    _ message: ByteBuffer, decode: (Key, Range<Int>) throws -> Value,
    report: (Write<Value>, String) -> Void
  ) throws(WireError) -> (StateChunk, [Write<Value>])? {
    guard message.readableBytes <= WireLimits.messageBytes else { throw WireError(.oversized) }
    var writes: [Write<Value>] = []
    var undecodable: [(Write<Value>, String)] = []
    let chunk = try WireReader.read(message) { reader throws(WireError) -> StateChunk? in
      guard reader.skip([WireCode.version, WireCode.Kind.state.rawValue], upTo: 2) else { return nil }
      return try readState(&reader) { reader, authors, count throws(WireError) in
        writes.reserveCapacity(min(count, 4_096))
        for _ in 0..<count {
          let head = try EntryHead(&reader, &authors)
          writes.append(try readWrite(head, &reader, decode: decode) { undecodable.append(($0, $1)) })
        }
      }
    }
    // Not before all of it was found to be well-formed.
    for (write, reason) in undecodable { report(write, reason) }
    return chunk.map { ($0, writes) }
  }

  @inline(__always)
  private static func readWrite<Value: Sendable>(
    _ head: borrowing EntryHead, _ reader: inout WireReader, decode: (Key, Range<Int>) throws -> Value,
    report: (Write<Value>, String) -> Void
  ) throws(WireError) -> Write<Value> {
    guard head.content == .set else { return head.write(.delete(at: try reader.timestamp())) }
    let lifetime = try reader.lifetime()
    let range = try reader.range(Int(try reader.integer(UInt32.self)))
    let reason: String
    if lifetime.kind == Lifetime.permanent.kind {
      do {
        return head.write(.set(try decode(head.key, range)))
      } catch {
        reason = "\(error)"
      }
    } else {
      reason = "lifetime \(lifetime.kind) is not known to this build"
    }
    let opaque = OpaqueWrite(
      version: head.version, lifetime: lifetime, bytes: reader.bytes(in: range), fingerprint: head.fingerprint
    )
    let write = Write<Value>(
      key: head.key, version: head.version, epoch: head.epoch, content: .setOpaque(opaque))
    report(write, reason)
    return write
  }

  /// All of a chunk but for its entries, which `entries` reads.
  private static func readState(
    _ reader: inout WireReader,
    entries: (inout WireReader, inout [PodIdentity], _ count: Int) throws(WireError) -> Void
  ) throws(WireError) -> StateChunk {
    let sender = try readSender(&reader)
    try reader.requireChecksum()
    let flags: UInt8 = try reader.integer()
    guard flags & ~WireCode.State.known == 0 else { throw reader.error(.malformed("unknown flags \(flags)")) }
    var position: StateChunk.Position?
    if flags & WireCode.State.isAnswer != 0 {
      let request: UInt64 = try reader.integer()
      let answer: UInt64 = try reader.integer()
      let index = try reader.varint()
      guard index < UInt64(UInt32.max) else { throw reader.error(.numberOverflow) }
      position = StateChunk.Position(request: request, answer: answer, index: Int(index))
    }
    var hop: UInt8?
    if flags & WireCode.State.isPush != 0 {
      guard position == nil else { throw reader.error(.malformed("a push is no answer")) }
      hop = try reader.integer()
    }
    let count = Int(try reader.integer(UInt32.self))
    guard count <= reader.remaining / 18 else { throw reader.error(.truncated) }
    var authors: [PodIdentity] = []
    try entries(&reader, &authors, count)
    var closing: CausalContext?
    if flags & WireCode.State.isLast != 0 { closing = try readContext(&reader, &authors) }
    _ = try reader.integer(UInt32.self)  // The checksum.
    try reader.requireEnd()
    return StateChunk(
      sender: sender, position: position, hop: hop, isSettled: flags & WireCode.State.isSettled != 0,
      closing: closing)
  }

  private static func readContext(
    _ reader: inout WireReader, _ authors: inout [PodIdentity]
  ) throws(WireError) -> CausalContext {
    var context = CausalContext()
    for _ in 0..<(try reader.count()) {
      let author = try reader.author(&authors)
      for _ in 0..<(try reader.count()) {
        let lower: UInt64 = try reader.integer()
        let (upper, overflow) = lower.addingReportingOverflow(try reader.varint())
        guard !overflow else { throw reader.error(.numberOverflow) }
        context.insert(lower...upper, of: author)
      }
    }
    return context
  }
}

/// All of an entry of a state that comes before its value or its time of delete.
private struct EntryHead: ~Copyable {
  let content: WireCode.Content
  let key: Key
  let version: Version
  let epoch: Epoch
  let fingerprint: UInt64?

  @inline(__always)
  init(_ reader: inout WireReader, _ authors: inout [PodIdentity]) throws(WireError) {
    let content = try WireDecoder.readContent(&reader)
    let key = try reader.key()
    let version = try reader.version(&authors)
    var epoch = Epoch.beginning
    var fingerprint: UInt64?
    let flags: UInt8 = try reader.integer()
    if flags != 0 {
      guard flags & ~WireCode.Extra.known == 0 else {
        throw reader.error(.malformed("unknown flags \(flags)"))
      }
      if flags & WireCode.Extra.epoch != 0 { epoch = .after(try reader.version(&authors)) }
      if flags & WireCode.Extra.fingerprint != 0 { fingerprint = try reader.integer() }
    }
    if content == .delete {
      guard fingerprint == nil else { throw reader.error(.malformed("a delete has no value")) }
      // A tombstone's own version is that of the delete, unless a later write of before the delete was seen too.
      if epoch == .beginning { epoch = .after(version) }
    }
    (self.content, self.key, self.version) = (content, key, version)
    (self.epoch, self.fingerprint) = (epoch, fingerprint)
  }

  @inline(__always)
  func write<Value: Sendable>(_ content: Write<Value>.Content) -> Write<Value> {
    Write(key: key, version: version, epoch: epoch, content: content, fingerprint: fingerprint)
  }
}

extension WireReader {
  /// A version as a chunk names it: its author by a number, once it has been introduced.
  fileprivate mutating func version(_ authors: inout [PodIdentity]) throws(WireError) -> Version {
    let timestamp = try timestamp()
    let author = try author(&authors)
    return Version(timestamp: timestamp, author: author, sequence: try integer())
  }

  fileprivate mutating func author(_ authors: inout [PodIdentity]) throws(WireError) -> PodIdentity {
    let number = try varint()
    guard number > 0 else {
      let author = try author()
      authors.append(author)
      return author
    }
    guard number <= UInt64(authors.count) else {
      throw error(.malformed("author \(number) is not introduced"))
    }
    return authors[Int(number) - 1]
  }
}

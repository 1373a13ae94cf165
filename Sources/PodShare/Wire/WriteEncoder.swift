package import NIOCore

/// Writes one write message. Keys and values are encoded before the write has its version, which is filled in afterwards.
///
/// Each call to a buffer takes longer than what it is called for, so there are few.
package struct WriteEncoder: ~Copyable, Sendable {
  package private(set) var buffer: ByteBuffer
  private let stampIndex: Int
  package private(set) var count: UInt32 = 0
  /// Where the value is that was added last. Begins at zero if there is none.
  private var last = 0..<0
  /// Whether it ends as a write does of which there is nothing more to say.
  private var isEnded = false

  package init(author: PodIdentity) {
    self.init(Preamble(author: author), capacity: 128)
  }

  /// Begins a message.
  ///
  /// - Parameter capacity: How many bytes there may well be.
  package init(_ preamble: Preamble, capacity: Int) {
    buffer = ByteBufferAllocator().buffer(capacity: preamble.bytes.count + capacity)
    stampIndex = preamble.length
    buffer.writeBytes(preamble.bytes)
  }

  /// Goes on with a message that sets one key.
  package init(_ message: consuming UnstampedSet, after preamble: borrowing Preamble) {
    let end = message.bytes.writerIndex - 1
    last = (end - message.valueLength)..<end
    buffer = message.bytes
    stampIndex = preamble.length
    count = 1
    isEnded = true
  }

  /// All of a message that sets one key, but for its stamp.
  package struct UnstampedSet {
    fileprivate let bytes: ByteBuffer
    fileprivate let valueLength: Int

    /// - Parameter hasEpochs: Whether the stamp may have epochs.
    package init(
      of key: borrowing Key, to value: Span<UInt8>, after preamble: borrowing Preamble,
      hasEpochs: Bool
    ) {
      let size = preamble.bytes.count + maxBytes(before: key) + value.count
      let room = room(behind: size, entries: 1, hasEpochs: hasEpochs)
      var buffer = ByteBufferAllocator().buffer(capacity: size + room)
      buffer.writeWithOutputRawSpan(minimumWritableBytes: size + 1) { output in
        output.writeBytes(preamble.bytes.span)
        output.beginSet(key, valueLength: value.count)
        output.writeBytes(value)
        output.append(0)
      }
      bytes = consume buffer
      valueLength = value.count
    }
  }

  /// What all write messages of one author begin with, but for the stamp, which is left empty.
  package struct Preamble: Sendable {
    fileprivate let bytes: [UInt8]
    /// Without the stamp.
    fileprivate let length: Int

    package init(author: PodIdentity) {
      var bytes = ByteBuffer()
      bytes.writeInteger(WireCode.version)
      bytes.writeInteger(WireCode.Kind.write.rawValue)
      bytes.writeIdentity(author)
      length = bytes.readableBytes
      bytes.writeInteger(Int64(0))  // timestamp
      bytes.writeInteger(UInt64(0))  // first sequence
      bytes.writeInteger(UInt32(0))  // count
      self.bytes = Array(bytes.readableBytesView)
    }

    /// Skips what a message begins with, if it is a write of this author's.
    func isSkipped(by reader: inout WireReader) -> Bool {
      reader.skip(bytes, upTo: length)
    }

    /// Whether a message is a write of this author's.
    package func begins(_ message: ByteBuffer) -> Bool {
      WireReader.begins(message, with: bytes, upTo: length)
    }
  }

  /// Adds a set; `encode` writes the value's bytes into a buffer of its own, where it can do no harm.
  package mutating func set(_ key: Key, encode: (inout ByteBuffer) throws -> Void) throws {
    var value = ByteBuffer()
    try encode(&value)
    set(key, to: value.readableBytesUInt8Span)
  }

  /// Adds a set of a value that is encoded already.
  package mutating func set(_ key: Key, to value: Span<UInt8>) {
    reopen()
    buffer.writeWithOutputRawSpan(minimumWritableBytes: Self.maxBytes(before: key) + value.count) { output in
      output.beginSet(key, valueLength: value.count)
      output.writeBytes(value)
    }
    last = (buffer.writerIndex - value.count)..<buffer.writerIndex
    count += 1
  }

  /// How many bytes the value has that was added last.
  package var lastValueBytes: Int { last.count }

  /// The bytes of the value that was added last.
  package var lastValue: ByteBuffer {
    buffer.getSlice(at: last.lowerBound, length: last.count) ?? ByteBuffer()
  }

  /// Adds a delete.
  package mutating func delete(_ key: Key) {
    reopen()
    buffer.writeWithOutputRawSpan(minimumWritableBytes: Self.maxBytes(before: key)) { output in
      output.append(WireCode.Content.delete.rawValue)
      key.withSpan { output.writeKey($0) }
    }
    count += 1
  }

  /// Before something is added.
  private mutating func reopen() {
    guard isEnded else { return }
    isEnded = false
    buffer.moveWriterIndex(to: buffer.writerIndex - 1)
  }

  /// What stands before a value at most.
  private static func maxBytes(before key: Key) -> Int {
    1 + WireLimits.varintBytes + key.string.utf8.count + 1 + MemoryLayout<UInt32>.size
  }

  /// Makes room for what ``finish(_:)`` adds, if that would otherwise have to move a long message.
  ///
  /// - Parameter hasEpochs: Whether the stamp may have epochs.
  package mutating func prepareToFinish(hasEpochs: Bool) {
    buffer.reserveCapacity(
      minimumWritableBytes: Self.room(
        behind: buffer.readableBytes, entries: Int(count), hasEpochs: hasEpochs))
  }

  /// Messages are finished under a lock, where only short ones may be moved. Those mostly need not be, and are not made
  /// larger for it.
  private static func room(behind size: Int, entries: Int, hasEpochs: Bool) -> Int {
    size < longMessage ? 1 : WriteStamp.maxBytes(entries: entries, hasEpochs: hasEpochs)
  }

  private static var longMessage: Int { 4_096 }

  /// Fills in what the replica has decided. The message is complete then.
  package consuming func finish(_ stamp: WriteStamp) -> ByteBuffer {
    fillIn(stamp)
    if stamp.wall != stamp.timestamp || !stamp.exceptions.isEmpty {
      addTrailer(stamp)
    } else if !isEnded {
      buffer.writeInteger(UInt8(0))
    }
    return buffer
  }

  /// What there is more to say.
  private mutating func addTrailer(_ stamp: WriteStamp) {
    reopen()
    let (raised, epochs) = (stamp.raised, stamp.epochs)
    var flags: UInt8 = 0
    if stamp.wall != stamp.timestamp { flags |= WireCode.Trailer.wall }
    if !raised.isEmpty { flags |= WireCode.Trailer.raised }
    if !epochs.isEmpty { flags |= WireCode.Trailer.epochs }
    buffer.writeInteger(flags)
    if stamp.wall != stamp.timestamp { buffer.writeInteger(stamp.wall.nanoseconds) }
    if !raised.isEmpty {
      buffer.writeVarint(raised.count)
      for (index, nanoseconds) in raised {
        buffer.writeVarint(index)
        buffer.writeVarint(nanoseconds)
      }
    }
    if !epochs.isEmpty {
      buffer.writeVarint(epochs.count)
      for (index, version) in epochs {
        buffer.writeVarint(index)
        buffer.writeInteger(version.timestamp.nanoseconds)
        buffer.writeIdentity(version.author)
        buffer.writeInteger(version.sequence)
      }
    }
  }

  private mutating func fillIn(_ stamp: WriteStamp) {
    let (stampIndex, count) = (stampIndex, count)
    var bytes = buffer.mutableReadableBytesSpan
    bytes.storeBytes(of: stamp.timestamp.nanoseconds.bigEndian, toByteOffset: stampIndex, as: Int64.self)
    bytes.storeBytes(of: stamp.firstSequence.bigEndian, toByteOffset: stampIndex + 8, as: UInt64.self)
    bytes.storeBytes(of: count.bigEndian, toByteOffset: stampIndex + 16, as: UInt32.self)
  }
}

extension OutputRawSpan {
  @_lifetime(self: copy self)
  fileprivate mutating func beginSet(_ key: Key, valueLength: Int) {
    append(WireCode.Content.set.rawValue)
    key.withSpan { writeKey($0) }
    append(UInt8(truncatingIfNeeded: Lifetime.permanent.kind))
    writeInteger(UInt32(clamping: valueLength))
  }
}

/// What the replica decides about a local write: its versions, and in merge mode its epochs.
package struct WriteStamp: Sendable {
  package var timestamp: Timestamp
  /// Entry `i` of the write has the sequence `firstSequence + i`.
  package var firstSequence: UInt64
  /// The writer's wall clock, from which the age of its tombstones counts.
  package var wall: Timestamp
  /// What there is to say of single entries: mostly nothing.
  package var exceptions: [Exception] = []

  package enum Exception: Sendable {
    /// The entry is stamped later than `timestamp`, because what it replaces was: by how many nanoseconds.
    case raised(index: Int, nanoseconds: UInt64)
    /// The entry was written after a delete, in merge mode: the version of that delete.
    case epoch(index: Int, Version)
  }

  package init(timestamp: Timestamp, firstSequence: UInt64, wall: Timestamp) {
    self.timestamp = timestamp
    self.firstSequence = firstSequence
    self.wall = wall
  }

  fileprivate var raised: [(index: Int, nanoseconds: UInt64)] {
    exceptions.compactMap {
      if case .raised(let index, let nanoseconds) = $0 { (index, nanoseconds) } else { nil }
    }
  }

  fileprivate var epochs: [(index: Int, version: Version)] {
    exceptions.compactMap { if case .epoch(let index, let version) = $0 { (index, version) } else { nil } }
  }

  /// What the stamp adds to a message at most: flags, the wall clock and two counts; for each entry two indices and a raise,
  /// and perhaps an epoch.
  static func maxBytes(entries: Int, hasEpochs: Bool) -> Int {
    let varint = WireLimits.varintBytes
    let epoch = hasEpochs ? 8 + 1 + WireLimits.nodeIDBytes.upperBound + 8 + 8 : 0
    return 1 + 8 + 2 * varint + entries * (3 * varint + epoch)
  }
}

/// The bytes of wire version 2. The page "Wire version 2" of the documentation describes them.
enum WireCode {
  static let version: UInt8 = 2
  /// What the first byte of a later version can be: below those that texts begin with.
  static let laterVersions: ClosedRange<UInt8> = 3...31

  enum Kind: UInt8 {
    case write = 1
    case stateRequest = 2
    case state = 3
    case snapshot = 4
    case heartbeat = 5
    case comparison = 6
    case differences = 7
    case want = 8
    case missing = 9
    case context = 10
    case forgotten = 11
    case receipt = 12
    case goodbye = 13
    case keptContext = 14
  }

  enum Content: UInt8 {
    case set = 1
    case delete = 2
  }

  enum Trailer {
    static let wall: UInt8 = 1
    static let raised: UInt8 = 2
    static let epochs: UInt8 = 4
    static let known: UInt8 = wall | raised | epochs
  }

  enum State {
    static let isSettled: UInt8 = 1
    static let isAnswer: UInt8 = 2
    static let isLast: UInt8 = 4
    static let isPush: UInt8 = 8
    static let known: UInt8 = isSettled | isAnswer | isLast | isPush
  }

  /// What an entry of a state has beyond its version.
  enum Extra {
    static let epoch: UInt8 = 1
    static let fingerprint: UInt8 = 2
    static let known: UInt8 = epoch | fingerprint
  }

  enum Heartbeat {
    static let isSettled: UInt8 = 1
    static let isCaughtUp: UInt8 = 2
    static let wantsReply: UInt8 = 4
    static let known: UInt8 = isSettled | isCaughtUp | wantsReply
  }

  enum Difference: UInt8 {
    case children = 1
    case entries = 2
  }
}

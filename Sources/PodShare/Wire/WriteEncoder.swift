package import NIOCore

/// Writes one write message. Keys and values are encoded before the write has its version, straight into the buffer
/// that is sent; the version is filled in afterwards.
package struct WriteEncoder: Sendable {
  package private(set) var buffer: ByteBuffer
  private let stampIndex: Int
  package private(set) var count: UInt32 = 0

  package init(author: PodIdentity) {
    self.init(Preamble(author: author), capacity: 128)
  }

  /// Begins a message.
  ///
  /// - Parameter capacity: How many bytes there may well be.
  package init(_ preamble: Preamble, capacity: Int) {
    // Copied when it is made to hold more.
    buffer = preamble.bytes
    buffer.reserveCapacity(minimumWritableBytes: capacity)
    stampIndex = preamble.length
  }

  /// What all write messages of one author begin with, but for the stamp, which is left empty.
  package struct Preamble: Sendable {
    fileprivate let bytes: ByteBuffer
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
      self.bytes = bytes
    }

    /// Whether a message is a write of this author's.
    package func begins(_ message: ByteBuffer) -> Bool {
      message.getSlice(at: message.readerIndex, length: length) == bytes.getSlice(at: 0, length: length)
    }
  }

  /// Adds a set; `encode` appends the value's bytes. Returns how many those were.
  package mutating func set(_ key: Key, encode: (inout ByteBuffer) throws -> Void) throws -> Int {
    write(.set, key)
    // The lifetime and the value's length, which is filled in below. Of eight bytes the last three are not wanted: each
    // call to a buffer takes longer than writing them.
    buffer.writeInteger(UInt64(Lifetime.permanent.kind) << 56)
    buffer.moveWriterIndex(to: buffer.writerIndex - 3)
    let start = buffer.writerIndex
    try encode(&buffer)
    let length = buffer.writerIndex - start
    setLength(length, at: start - MemoryLayout<UInt32>.size)
    count += 1
    return length
  }

  private mutating func setLength(_ length: Int, at index: Int) {
    var bytes = buffer.mutableReadableBytesSpan
    bytes.storeBytes(of: UInt32(clamping: length).bigEndian, toByteOffset: index, as: UInt32.self)
  }

  /// The bytes of the value that was added last.
  package func lastValue(_ size: Int) -> ByteBuffer {
    buffer.getSlice(at: buffer.writerIndex - size, length: size) ?? ByteBuffer()
  }

  /// Adds a delete.
  package mutating func delete(_ key: Key) {
    write(.delete, key)
    count += 1
  }

  private mutating func write(_ content: WireCode.Content, _ key: Key) {
    let length = key.string.utf8.count
    if length < 0x80 {
      buffer.writeInteger(UInt16(content.rawValue) << 8 | UInt16(length))
      buffer.writeString(key.string)
    } else {
      buffer.writeInteger(content.rawValue)
      buffer.writeKey(key)
    }
  }

  /// Fills in what the replica has decided. The message is complete then.
  package consuming func finish(_ stamp: WriteStamp) -> ByteBuffer {
    fillIn(stamp)
    var flags: UInt8 = 0
    if stamp.wall != stamp.timestamp { flags |= WireCode.Trailer.wall }
    if !stamp.raised.isEmpty { flags |= WireCode.Trailer.raised }
    if !stamp.epochs.isEmpty { flags |= WireCode.Trailer.epochs }
    buffer.writeInteger(flags)
    if stamp.wall != stamp.timestamp { buffer.writeInteger(stamp.wall.nanoseconds) }
    if !stamp.raised.isEmpty {
      buffer.writeVarint(stamp.raised.count)
      for (index, nanoseconds) in stamp.raised {
        buffer.writeVarint(index)
        buffer.writeVarint(nanoseconds)
      }
    }
    if !stamp.epochs.isEmpty {
      buffer.writeVarint(stamp.epochs.count)
      for (index, version) in stamp.epochs {
        buffer.writeVarint(index)
        buffer.writeInteger(version.timestamp.nanoseconds)
        buffer.writeIdentity(version.author)
        buffer.writeInteger(version.sequence)
      }
    }
    return buffer
  }

  private mutating func fillIn(_ stamp: WriteStamp) {
    let (stampIndex, count) = (stampIndex, count)
    var bytes = buffer.mutableReadableBytesSpan
    bytes.storeBytes(of: stamp.timestamp.nanoseconds.bigEndian, toByteOffset: stampIndex, as: Int64.self)
    bytes.storeBytes(of: stamp.firstSequence.bigEndian, toByteOffset: stampIndex + 8, as: UInt64.self)
    bytes.storeBytes(of: count.bigEndian, toByteOffset: stampIndex + 16, as: UInt32.self)
  }
}

/// What the replica decides about a local write: its versions, and in merge mode its epochs.
package struct WriteStamp: Sendable {
  package var timestamp: Timestamp
  /// Entry `i` of the write has the sequence `firstSequence + i`.
  package var firstSequence: UInt64
  /// The writer's wall clock, from which the age of its tombstones counts.
  package var wall: Timestamp
  /// Entries stamped later than `timestamp`, because what they replace was: by how many nanoseconds.
  package var raised: [(index: Int, nanoseconds: UInt64)] = []
  /// Entries written after a delete, in merge mode: the version of that delete.
  package var epochs: [(index: Int, version: Version)] = []

  /// What the stamp adds to a message at most, for each entry: two indices and a raise, and perhaps an epoch.
  static func maxBytes(perEntryWithEpoch hasEpochs: Bool) -> Int {
    let varints = 3 * 10
    return hasEpochs ? varints + 8 + 1 + WireLimits.nodeIDBytes.upperBound + 8 + 8 : varints
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

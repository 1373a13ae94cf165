import NIOCore
import PodShareTestKit

@testable import PodShare

/// Random messages, with what they must read back as.
struct WireSamples {
  private var generator: SeededGenerator

  init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
  }

  /// An entry in a form that can be compared.
  struct Entry: Equatable {
    var key: Key
    var version: Version
    var epoch: Epoch
    var lifetime: Lifetime?
    var value: [UInt8]?
    var deletedAt: Timestamp?

    init(key: Key, version: Version, epoch: Epoch) {
      self.key = key
      self.version = version
      self.epoch = epoch
    }

    init(_ entry: WireEntry) {
      self.init(key: entry.key, version: entry.version, epoch: entry.epoch)
      switch entry.content {
      case .set(let lifetime, let bytes):
        self.lifetime = lifetime
        value = Array(bytes.readableBytesView)
      case .delete(let time):
        deletedAt = time
      }
    }
  }

  struct Write {
    var author: PodIdentity
    var stamp: WriteStamp
    var entries: [Entry]
    var message: ByteBuffer

    /// One set, with nothing behind it.
    var isPlain: Bool {
      entries.count == 1 && entries[0].value != nil && stamp.exceptions.isEmpty
        && stamp.wall == stamp.timestamp
    }
  }

  mutating func byte() -> UInt8 { UInt8.random(in: .min ... .max, using: &generator) }

  mutating func plainWrite() throws -> Write {
    while true {
      let write = try write()
      if write.isPlain { return write }
    }
  }

  mutating func write() throws -> Write {
    let author = identity()
    let timestamp = timestamp(before: 1 << 62)
    var stamp = WriteStamp(
      timestamp: timestamp, firstSequence: UInt64.random(in: 0..<(1 << 63), using: &generator),
      wall: oneIn(2) ? timestamp : self.timestamp(before: 1 << 62))
    var encoder = WriteEncoder(author: author)
    var entries: [Entry] = []
    for index in 0..<Int.random(in: 1..<8, using: &generator) {
      let key = key(mayBeLong: true)
      var version = Version(
        timestamp: timestamp, author: author, sequence: stamp.firstSequence + UInt64(index))
      if oneIn(3) {
        let nanoseconds = UInt64.random(in: 1..<(1 << 61), using: &generator)
        stamp.exceptions.append(.raised(index: index, nanoseconds: nanoseconds))
        version = Version(
          timestamp: Timestamp(nanoseconds: timestamp.nanoseconds + Int64(nanoseconds)), author: author,
          sequence: version.sequence)
      }
      var entry = Entry(key: key, version: version, epoch: .beginning)
      if oneIn(3) {
        encoder.delete(key)
        entry.epoch = .after(version)
        entry.deletedAt = stamp.wall
      } else {
        let value = bytes()
        try encoder.set(key) { $0.writeBytes(value) }
        entry.lifetime = .permanent
        entry.value = value
        if oneIn(3) {
          let delete = versionBefore(version)
          stamp.exceptions.append(.epoch(index: index, delete))
          entry.epoch = .after(delete)
        }
      }
      entries.append(entry)
    }
    return Write(author: author, stamp: stamp, entries: entries, message: encoder.finish(stamp))
  }

  struct State {
    var sender: PodIdentity
    var answer: StateEncoder.Answer?
    var isSettled: Bool
    var context: CausalContext
    var entries: [Entry]
    var messages: [ByteBuffer]
  }

  mutating func state(upTo count: Int = 60) throws -> State {
    let sender = identity()
    let authors = [sender] + (0..<4).map { _ in identity() }
    let answer: StateEncoder.Answer? =
      oneIn(4) ? nil : .init(request: generator.next(), id: generator.next())
    let isSettled = oneIn(2)
    var messages: [ByteBuffer] = []
    var encoder = StateEncoder(sender: sender, answer: answer, isSettled: isSettled) { messages.append($0) }
    var entries: [Entry] = []
    for _ in 0..<Int.random(in: 1...count, using: &generator) {
      let version = Version(
        timestamp: timestamp(before: Timestamp.latest.nanoseconds),
        author: authors.randomElement(using: &generator) ?? sender, sequence: generator.next())
      var entry = Entry(key: key(mayBeLong: count >= 60), version: version, epoch: .beginning)
      if oneIn(3) {
        let deletedAt = timestamp(before: Timestamp.latest.nanoseconds)
        if oneIn(3) { entry.epoch = .after(versionBefore(version)) }
        encoder.delete(entry.key, version: version, epoch: entry.epoch, deletedAt: deletedAt)
        // Without an epoch of its own, the version is that of the delete.
        if entry.epoch == .beginning { entry.epoch = .after(version) }
        entry.deletedAt = deletedAt
      } else {
        if oneIn(3) { entry.epoch = .after(versionBefore(version)) }
        let lifetime = oneIn(4) ? Lifetime(kind: generator.next() | 1, bytes: bytes()) : .permanent
        let value = count >= 60 && oneIn(40) ? [UInt8](repeating: 7, count: 200_000) : bytes()
        try encoder.set(entry.key, version: version, epoch: entry.epoch, lifetime: lifetime) {
          $0.writeBytes(value)
        }
        entry.lifetime = lifetime
        entry.value = value
      }
      entries.append(entry)
    }
    let context = context(of: authors + [identity()])
    encoder.finish(answer == nil ? nil : context)
    return State(
      sender: sender, answer: answer, isSettled: isSettled, context: context, entries: entries,
      messages: messages)
  }

  // MARK: Parts

  private mutating func oneIn(_ count: Int) -> Bool {
    Int.random(in: 0..<count, using: &generator) == 0
  }

  private mutating func identity() -> PodIdentity {
    let names = ["a", "pod-1", "é", String(repeating: "n", count: 255), "日本"]
    return PodIdentity(
      nodeID: names.randomElement(using: &generator) ?? "a",
      incarnation: UInt64.random(in: PodIdentity.incarnations, using: &generator))
  }

  private mutating func key(mayBeLong: Bool) -> Key {
    let length = mayBeLong && oneIn(20) ? WireLimits.keyBytes : Int.random(in: 0..<200, using: &generator)
    return Key(oneIn(2) ? String(repeating: "k", count: length) : "\u{e9}\(generator.next())")
  }

  private mutating func bytes() -> [UInt8] {
    (0..<Int.random(in: 0..<200, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }

  private mutating func timestamp(before end: Int64) -> Timestamp {
    Timestamp(nanoseconds: Int64.random(in: 0..<end, using: &generator))
  }

  private mutating func versionBefore(_ version: Version) -> Version {
    Version(
      timestamp: Timestamp(
        nanoseconds: max(0, version.timestamp.nanoseconds - Int64.random(in: 1..<1_000, using: &generator))),
      author: version.timestamp.nanoseconds == 0 ? version.author : identity(),
      sequence: version.timestamp.nanoseconds == 0 ? version.sequence - 1 : generator.next())
  }

  private mutating func context(of authors: [PodIdentity]) -> CausalContext {
    var context = CausalContext()
    for author in authors {
      for _ in 0..<Int.random(in: 0..<5, using: &generator) {
        let lower = generator.next()
        let (upper, overflow) = lower.addingReportingOverflow(generator.next() >> 32)
        context.insert(lower...(overflow ? .max : upper), of: author)
      }
    }
    return context
  }
}

import NIOCore
import PodShare

/// What a fuzzer feeds with bytes. Each target traps if a property does not hold; not crashing is the least of them.
///
/// Not for users: the package `Fuzz` of this repository calls them, which cannot see what is `package`.
@_spi(Fuzzing)
public enum FuzzTarget: String, CaseIterable, Sendable {
  /// Messages of wire version 1.
  case version1
  /// Messages of wire version 2.
  case version2
  /// Conversations about where two pods differ.
  case healing
  /// Snapshots of both versions.
  case snapshot
  /// Calls, replies and routes of wire version 1.
  case call
  /// JSON values, strict and not.
  case strictJSON
  /// JSON values, as Foundation reads them.
  case json

  /// Runs the target on an input.
  public func run(_ input: [UInt8]) {
    switch self {
    case .version1: Self.version1(ByteBuffer(bytes: input))
    case .version2: Self.version2(ByteBuffer(bytes: input))
    case .healing: HealingFuzzing.run(ByteBuffer(bytes: input))
    case .snapshot: Self.snapshot(ByteBuffer(bytes: input))
    case .call: Self.call(ByteBuffer(bytes: input))
    case .strictJSON: StrictJSONFuzzing.run(ByteBuffer(bytes: input))
    case .json: JSONFuzzing.run(ByteBuffer(bytes: input))
    }
  }

  // MARK: Messages

  private static func version1(_ bytes: ByteBuffer) {
    guard WireVersion1.isVersion1(bytes), let message = try? WireDecoder.decode(bytes) else { return }
    guard case .write(let write) = message, let entry = write.entries.first else {
      preconditionFailure("an event is no write")
    }
    // What was read can be written, and then reads as the same.
    guard let written = try? WireVersion1.encodeEvent(entry), let again = try? WireDecoder.decode(written)
    else {
      preconditionFailure("an event cannot be written back: \(entry)")
    }
    guard case .write(let second) = again, let same = second.entries.first else {
      preconditionFailure("an event written back is no write")
    }
    precondition(
      same.key == entry.key && same.version == entry.version && bytesOfValue(same) == bytesOfValue(entry),
      "an event written back differs")
    apply(message)
  }

  private static func version2(_ bytes: ByteBuffer) {
    if let message = try? WireDecoder.decode(bytes) { apply(message) }
    state(bytes)
    plainWrite(endingIn: bytes)
    // A fuzzer does not guess checksums: with the right one, what lies behind it is reached too.
    let checksumLength = MemoryLayout<UInt32>.size
    guard bytes.readableBytes > checksumLength else { return }
    var repaired = bytes
    let checksum = CRC32C.checksum(of: bytes.readableBytesUInt8Span.extracting(droppingLast: checksumLength))
    repaired.setInteger(checksum, at: bytes.writerIndex - checksumLength)
    if let message = try? WireDecoder.decode(repaired) { apply(message) }
    state(repaired)
  }

  /// What is read as a state's writes must be the writes of its entries, and malformed where those are.
  private static func state(_ message: ByteBuffer) {
    let codec = BytesCodec()
    let direct = try? WireDecoder.state(message) { _, range in
      Array(message.readableBytesView.dropFirst(range.lowerBound).prefix(range.count))
    } report: { _, _ in
    }
    guard case .state(_, let entries) = try? WireDecoder.decode(message) else {
      return precondition(direct == nil, "what is no state is read as one")
    }
    precondition(
      direct?.1 == entries.map { $0.decoded { codec.decode($1) }.0 }, "a state is read in two ways")
  }

  /// What is read as a plain write, the short way, must be the same write the long way.
  private static func plainWrite(endingIn rest: ByteBuffer) {
    let author = PodIdentity(nodeID: "a", incarnation: 7)
    var message = ByteBuffer(bytes: [2, 1])
    message.writeBytes([1, UInt8(ascii: "a")])
    message.writeInteger(author.incarnation)
    message.writeImmutableBuffer(rest)
    guard let plain = WireDecoder.plainWrite(message, by: EncodedIdentity(author)) else { return }
    guard case .write(let write) = try? WireDecoder.decode(message), write.entries.count == 1,
      case .set(.permanent, let bytes) = write.entries[0].content
    else { preconditionFailure("a plain write is none") }
    let entry = write.entries[0]
    precondition(
      entry.key == plain.key && entry.version == plain.version && entry.version.author == plain.version.author
        && write.timestamp == plain.version.timestamp && entry.epoch == .beginning && entry.fingerprint == nil
        && bytes == message.getSlice(at: plain.value.lowerBound, length: plain.value.count),
      "a plain write is read in two ways")
  }

  /// Whatever a message says, a replica takes it twice with the same outcome as once.
  private static func apply(_ message: WireMessage) {
    let options = ReplicaOptions<[UInt8]>(
      merge: nil, tombstoneTTL: .seconds(3_600), maxClockSkew: .seconds(60))
    let wall = Timestamp(nanoseconds: 1_800_000_000_000_000_000)
    var replica = Replica(
      identity: PodIdentity(nodeID: "fuzz", incarnation: 1), options: options,
      storage: DictionaryStorage<[UInt8]>(), now: wall, seed: 1)
    var outbox = Outbox<[UInt8]>()
    replica.connected(outbox: &outbox)
    replica.receive(message, wall: wall, outbox: &outbox)
    let once = replica.snapshot().mapValues(\.version)
    replica.receive(message, wall: wall, outbox: &outbox)
    precondition(
      replica.snapshot().mapValues(\.version) == once, "a message taken twice is not the same as once")
    while replica.collectTombstones(wall: .latest, outbox: &outbox) {}
  }

  private static func bytesOfValue(_ entry: WireEntry) -> ByteBuffer? {
    if case .set(_, let bytes) = entry.content { bytes } else { nil }
  }

  // MARK: Snapshots

  private static func snapshot(_ bytes: ByteBuffer) {
    guard let contents = try? SavedSnapshot.decode(bytes), WireVersion1.isVersion1(bytes) else { return }
    let (written, leftOut) = WireVersion1.encodeSnapshot(contents.entries)
    guard let again = try? SavedSnapshot.decode(written) else {
      preconditionFailure("a snapshot cannot be written back")
    }
    precondition(leftOut.isEmpty && again.rejected.isEmpty, "a snapshot written back lacks something")
    let before = contents.entries.sorted { $0.key < $1.key }
    precondition(
      before.map(\.key) == again.entries.map(\.key) && before.map(\.version) == again.entries.map(\.version)
        && before.map(bytesOfValue) == again.entries.map(bytesOfValue), "a snapshot written back differs")
  }

  // MARK: Calls

  private static func call(_ bytes: ByteBuffer) {
    if let message = try? WireVersion1.decodeCall(bytes) {
      let again = try? WireVersion1.decodeCall(WireVersion1.encodeCall(message))
      precondition(again == message, "a call written back differs")
    }
    if let route = try? WireVersion1.decodeRoute(bytes) {
      let again = try? WireVersion1.decodeRoute(WireVersion1.encodeRoute(route))
      precondition(again == route, "a route written back differs")
    }
  }
}

extension Replica where Storage == DictionaryStorage<[UInt8]> {
  fileprivate mutating func receive(_ message: WireMessage, wall: Timestamp, outbox: inout Outbox<[UInt8]>) {
    func writes(_ entries: [WireEntry]) -> [Write<[UInt8]>] {
      entries.map { $0.decoded { BytesCodec().decode($1) }.0 }
    }
    switch message {
    case .write(let write):
      receive(
        writes(write.entries), from: write.author, stampedAt: write.timestamp, wall: wall, outbox: &outbox)
    case .stateRequest(let request):
      receive(request, outbox: &outbox)
    case .state(let chunk, let entries):
      receive(chunk, entries: writes(entries), wall: wall, outbox: &outbox)
    case .sync(let message):
      receive(message, wall: wall, outbox: &outbox)
    }
  }
}

private struct BytesCodec: Codec {
  func encode(_ value: [UInt8], into buffer: inout ByteBuffer) { buffer.writeBytes(value) }
  func decode(_ bytes: ByteBuffer) -> [UInt8] { Array(bytes.readableBytesView) }
}

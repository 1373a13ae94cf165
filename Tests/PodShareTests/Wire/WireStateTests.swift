import NIOCore
import Testing

@testable import PodShare

@Suite("Wire: state")
struct WireStateTests {
  @Test("Any state reads back as it was written, chunk by chunk", arguments: 0..<24 as Range<UInt64>)
  func roundTrip(seed: UInt64) throws {
    var samples = WireSamples(seed: seed)
    let sample = try samples.state()
    let decoded = try sample.messages.map(decode)
    let chunks = decoded.map(\.chunk)
    #expect(decoded.flatMap(\.entries).map(WireSamples.Entry.init) == sample.entries, "seed \(seed)")
    #expect(
      chunks.allSatisfy { $0.sender == sample.sender && $0.isSettled == sample.isSettled }, "seed \(seed)")
    if let answer = sample.answer {
      let positions = chunks.indices.map {
        StateChunk.Position(request: answer.request, answer: answer.id, index: $0)
      }
      #expect(chunks.map(\.position) == positions, "seed \(seed)")
      #expect(chunks.last?.closing == sample.context, "seed \(seed)")
      #expect(chunks.dropLast().allSatisfy { $0.closing == nil }, "seed \(seed)")
    } else {
      #expect(chunks.allSatisfy { $0.position == nil && $0.closing == nil }, "seed \(seed)")
    }
  }

  @Test(
    "A state's writes are those of its entries, in which order and with whatever values",
    arguments: 0..<24 as Range<UInt64>)
  func writes(seed: UInt64) throws {
    var samples = WireSamples(seed: seed)
    for message in try samples.state().messages {
      let (chunk, entries) = try decode(message)
      let whole = entries.map { $0.decoded { try value(of: Array($1.readableBytesView)) } }
      var reports: [String] = []
      let state = try WireDecoder.state(message) { _, range in
        try value(of: Array(message.readableBytesView)[range])
      } report: { write, reason in
        reports.append("\(write.key) \(reason)")
      }
      let (direct, writes) = try #require(state, "seed \(seed)")
      #expect(writes == whole.map(\.0), "seed \(seed)")
      #expect(
        reports == whole.compactMap { write, reason in reason.map { "\(write.key) \($0)" } }, "seed \(seed)")
      #expect(
        direct.sender == chunk.sender && direct.position == chunk.position && direct.hop == chunk.hop
          && direct.isSettled == chunk.isSettled && direct.closing == chunk.closing, "seed \(seed)")
      for length in 2..<min(message.readableBytes, 300) {
        let part = try #require(message.getSlice(at: message.readerIndex, length: length))
        #expect(throws: WireError.self, "seed \(seed): \(length) bytes") {
          try WireDecoder.state(part) {
            $0.string + "\($1)"
          } report: { _, _ in
          }
        }
      }
    }
    let write = try samples.plainWrite().message
    #expect(
      try WireDecoder.state(write) {
        $0.string + "\($1)"
      } report: { _, _ in
      } == nil)
  }

  private struct Refused: Error {}

  /// Some are refused, as a codec does with what it does not know.
  private func value(of bytes: some Collection<UInt8>) throws -> [UInt8] {
    guard bytes.reduce(0, ^) % 3 != 0 else { throw Refused() }
    return Array(bytes)
  }

  @Test("P7: a large state goes in chunks little larger than 256 KiB")
  func chunks() throws {
    var messages: [ByteBuffer] = []
    let sender = PodIdentity(nodeID: "a", incarnation: 1)
    var encoder = StateEncoder(sender: sender, answer: .init(request: 1, id: 2), isSettled: true) {
      messages.append($0)
    }
    let value = String(repeating: "x", count: 1_000)
    for number in 0..<700 as Range<UInt64> {
      let version = Version(timestamp: .earliest, author: sender, sequence: number)
      try encoder.set(Key("\(number)"), version: version, epoch: .beginning) { $0.writeString(value) }
    }
    encoder.finish(CausalContext())
    #expect(messages.count == 3)
    #expect(messages.allSatisfy { $0.readableBytes < WireLimits.chunkBytes + 2_000 })
    let decoded = try messages.map(decode)
    let chunks = decoded.map(\.chunk)
    #expect(decoded.flatMap(\.entries).map(\.key.string) == (0..<700).map(String.init))
    #expect(chunks.dropLast().allSatisfy { $0.closing == nil })
    #expect(chunks.last?.closing == CausalContext())
  }

  @Test("Nothing at all is still an answer, but no news")
  func empty() throws {
    let sender = PodIdentity(nodeID: "a", incarnation: 1)
    var answers: [ByteBuffer] = []
    var answer = StateEncoder(sender: sender, answer: .init(request: 1, id: 2), isSettled: false) {
      answers.append($0)
    }
    answer.finish(CausalContext())
    #expect(answers.count == 1)
    #expect(try decode(answers[0]).entries.isEmpty)
    var news: [ByteBuffer] = []
    var encoder = StateEncoder(sender: sender, answer: nil, isSettled: true) { news.append($0) }
    encoder.finish()
    #expect(news.isEmpty)
  }

  @Test("An entry that cannot be encoded leaves no trace, not even of the author that it introduced")
  func failedEntry() throws {
    let sender = PodIdentity(nodeID: "a", incarnation: 1)
    let other = PodIdentity(nodeID: "b", incarnation: 2)
    var messages: [ByteBuffer] = []
    var encoder = StateEncoder(sender: sender, answer: nil, isSettled: true) { messages.append($0) }
    try encoder.set(
      Key("1"), version: Version(timestamp: .earliest, author: sender, sequence: 1), epoch: .beginning
    ) { $0.writeString("1") }
    #expect(throws: CodecFailure.self) {
      try encoder.set(
        Key("2"), version: Version(timestamp: .earliest, author: other, sequence: 1), epoch: .beginning
      ) {
        $0.writeString("half")
        throw CodecFailure()
      }
    }
    try encoder.set(
      Key("3"), version: Version(timestamp: .earliest, author: other, sequence: 2), epoch: .beginning
    ) { $0.writeString("3") }
    encoder.finish()
    let entries = try decode(messages[0]).entries
    #expect(entries.map(\.key.string) == ["1", "3"])
    #expect(entries.map(\.version.origin) == ["a", "b"])
  }

  @Test("A request reads back as it was written")
  func request() throws {
    let request = StateRequest(sender: PodIdentity(nodeID: "é", incarnation: 1 << 61), id: .max)
    guard case .stateRequest(let read) = try WireDecoder.decode(request.encoded()) else {
      Issue.record("not a request")
      return
    }
    #expect(read == request)
  }

  @Test("A saved snapshot reads back chunk by chunk; one of nothing too")
  func snapshot() throws {
    var samples = WireSamples(seed: 11)
    let sample = try samples.state()
    let saved = SavedSnapshot.encode(sample.messages)
    let entries = try SavedSnapshot.decode(saved).entries
    #expect(entries.map(WireSamples.Entry.init) == sample.entries)
    #expect(try SavedSnapshot.decode(SavedSnapshot.encode([])).entries.isEmpty)
  }

  @Test("CRC-32C of RFC 3720's examples")
  func checksum() {
    #expect(CRC32C.checksum(of: Array("123456789".utf8).span) == 0xe306_9283)
    #expect(CRC32C.checksum(of: [UInt8](repeating: 0, count: 32).span) == 0x8a91_36aa)
    #expect(CRC32C.checksum(of: [UInt8](repeating: 0xff, count: 32).span) == 0x62a8_ab43)
    #expect(CRC32C.checksum(of: [UInt8](0..<32).span) == 0x46dd_794e)
    #expect(CRC32C.checksum(of: [UInt8]().span) == 0)
  }

  @Test(
    "CRC-32C takes eight bytes at a time for what it is one by one, however many there are", arguments: 0..<40
  )
  func checksumOfSoManyBytes(count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 89 &+ 5) }
    let expected = bytes.reduce(UInt32.max) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in (crc >> 1) ^ (crc & 1 == 1 ? 0x82f6_3b78 : 0) }
    }
    #expect(CRC32C.checksum(of: bytes.span) == ~expected)
  }

  private func decode(_ message: ByteBuffer) throws -> (chunk: StateChunk, entries: [WireEntry]) {
    guard case .state(let chunk, let entries) = try WireDecoder.decode(message) else {
      throw WireError(.empty)
    }
    return (chunk, entries)
  }
}

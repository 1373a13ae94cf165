import Foundation
import NIOCore
import Testing

@testable import PodShare

/// The worked examples of the documentation's page "Wire version 2" are what the encoders write and the decoder reads.
@Suite("The page on wire version 2")
struct WireVersion2PageTests {
  // The pods and the writes that the page tells of.
  private let a = PodIdentity(nodeID: "pod-a", incarnation: 0x0102_0304_0506_0708)
  private let b = PodIdentity(nodeID: "pod-b", incarnation: 0x1112_1314_1516_1718)
  private let tenOClock = Timestamp(nanoseconds: 1_779_962_400_000_000_000)
  private let request: UInt64 = 0x2122_2324_2526_2728
  private let answer: UInt64 = 0x3132_3334_3536_3738

  @Test("has as many worked examples as are checked here")
  func count() throws {
    #expect(try examples().count == 4)
  }

  @Test("shows a set")
  func set() throws {
    var encoder = WriteEncoder(author: a)
    try encoder.set(Key("limit")) { $0.writeString("1000") }
    let message = encoder.finish(
      WriteStamp(timestamp: tenOClock, firstSequence: a.incarnation + 1, wall: tenOClock))
    try expect(message, toBeExample: 0)

    guard case .write(let write) = try WireDecoder.decode(message) else {
      Issue.record("not a write")
      return
    }
    #expect(write.author == a)
    #expect(write.timestamp == tenOClock)
    #expect(write.entries.map(\.key) == [Key("limit")])
    #expect(write.entries.map(\.version.sequence) == [0x0102_0304_0506_0709])
  }

  @Test("shows a batch with everything that can stand behind its entries")
  func batch() throws {
    let wall = tenOClock.advanced(by: .nanoseconds(-5))
    let earlierDelete = Version(
      timestamp: tenOClock.advanced(by: .seconds(-1)), author: b, sequence: b.incarnation + 3)
    var encoder = WriteEncoder(author: a)
    try encoder.set(Key("limit")) { $0.writeString("1000") }
    encoder.delete(Key("old"))
    var stamp = WriteStamp(timestamp: tenOClock, firstSequence: a.incarnation + 2, wall: wall)
    stamp.exceptions = [.raised(index: 1, nanoseconds: 300), .epoch(index: 0, earlierDelete)]
    let message = encoder.finish(stamp)
    try expect(message, toBeExample: 1)

    guard case .write(let write) = try WireDecoder.decode(message), write.entries.count == 2 else {
      Issue.record("not a write of two entries")
      return
    }
    #expect(write.entries[0].epoch == .after(earlierDelete))
    #expect(write.entries[0].version.timestamp == tenOClock)
    #expect(write.entries[1].version.timestamp == tenOClock.advanced(by: .nanoseconds(300)))
    guard case .delete(at: wall) = write.entries[1].content else {
      Issue.record("the delete does not carry the wall clock's time")
      return
    }
  }

  @Test("shows a request for state")
  func stateRequest() throws {
    let message = StateRequest(sender: b, id: request).encoded()
    try expect(message, toBeExample: 2)

    guard case .stateRequest(let decoded) = try WireDecoder.decode(message) else {
      Issue.record("not a request")
      return
    }
    #expect(decoded == StateRequest(sender: b, id: request))
  }

  @Test("shows an answer in one chunk, with its context and its checksum")
  func state() throws {
    var chunks: [ByteBuffer] = []
    var encoder = StateEncoder(sender: a, answer: .init(request: request, id: answer), isSettled: true) {
      chunks.append($0)
    }
    let set = Version(timestamp: tenOClock, author: a, sequence: a.incarnation + 1)
    try encoder.set(Key("limit"), version: set, epoch: .beginning) { $0.writeString("1000") }
    let delete = Version(timestamp: tenOClock, author: a, sequence: a.incarnation + 2)
    encoder.delete(Key("old"), version: delete, epoch: .beginning, deletedAt: tenOClock)
    var context = CausalContext()
    context.insert(set)
    context.insert(delete)
    encoder.finish(context)
    try expect(try #require(chunks.first), toBeExample: 3)

    guard case .state(let chunk, let entries) = try WireDecoder.decode(chunks[0]) else {
      Issue.record("not state")
      return
    }
    #expect(chunks.count == 1)
    #expect(chunk.position == .init(request: request, answer: answer, index: 0))
    #expect(chunk.isSettled)
    #expect(chunk.closing == context)
    #expect(entries.map(\.version) == [set, delete])
    #expect(entries.map(\.epoch) == [.beginning, .after(delete)])
  }

  @Test("gives the checksum's usual test vector, and names of side topics, as they are")
  func facts() throws {
    #expect(CRC32C.checksum(of: Array("123456789".utf8).span) == 0xe306_9283)
    #expect(Names.syncTopic(of: "config") == "config\u{1f}sync")
    #expect(Names.inbox(of: a, on: "config") == "config\u{1f}inbox\u{1f}pod-a\u{1f}jv30clup820")
    #expect(try page().contains("pod-a` U+001F `jv30clup820`"))
    #expect(Date(timeIntervalSince1970: 1_779_962_400).ISO8601Format() == "2026-05-28T10:00:00Z")
  }

  // MARK: Reading the page

  private func expect(_ message: ByteBuffer, toBeExample index: Int) throws {
    let examples = try examples()
    let bytes = Array(message.readableBytesView)
    let text = bytes.map { String(Int($0) + 0x100, radix: 16).dropFirst() }.joined(separator: " ")
    try #require(index < examples.count, "the page has no example \(index); it should be: \(text)")
    #expect(bytes == examples[index], "the page should have: \(text)")
  }

  private func page() throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
    return try String(
      contentsOf: root.appending(path: "Sources/PodShare/PodShare.docc/WireVersion2.md"), encoding: .utf8)
  }

  /// The bytes of the page's blocks of hexadecimal numbers: in each line, what stands before the first two spaces.
  private func examples() throws -> [[UInt8]] {
    try page().components(separatedBy: "```hex\n").dropFirst().map { block in
      let lines = (block.components(separatedBy: "```").first ?? "").split(separator: "\n")
      return try lines.flatMap { line in
        let digits = line.components(separatedBy: "  ").first ?? ""
        return try digits.split(separator: " ").map { try #require(UInt8($0, radix: 16)) }
      }
    }
  }
}

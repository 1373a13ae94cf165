import NIOCore
import PodShareTestKit
import Testing

@testable import PodShare

@Suite("P8: bad bytes are refused")
struct BadBytesTests {
  /// Small messages of each kind, with everything in them that a message can have.
  static func messages() throws -> [ByteBuffer] {
    let request = StateRequest(sender: PodIdentity(nodeID: "a", incarnation: 1), id: 2).encoded()
    var writes: [ByteBuffer] = []
    var states: [ByteBuffer] = []
    for seed in 0..<200 as Range<UInt64> {
      var samples = WireSamples(seed: seed)
      writes.append(try samples.write().message)
      states += try samples.state(upTo: 4).messages
    }
    let isSmall = { (message: ByteBuffer) in message.readableBytes < 600 }
    return [request] + writes.filter(isSmall).prefix(8) + states.filter(isSmall).prefix(8)
  }

  private func reason(of bytes: ByteBuffer) -> WireError.Reason? {
    do throws(WireError) {
      _ = try WireDecoder.decode(bytes)
      return nil
    } catch {
      return error.reason
    }
  }

  private func bytes(_ body: (inout ByteBuffer) -> Void) -> ByteBuffer {
    var buffer = ByteBuffer()
    body(&buffer)
    return buffer
  }

  private func write(count: UInt32 = 1, timestamp: Int64 = 1, first: UInt64 = 1, _ rest: [UInt8])
    -> ByteBuffer
  {
    bytes {
      $0.writeBytes([2, 1, 1, 0x61])
      $0.writeInteger(UInt64(0))
      $0.writeInteger(timestamp)
      $0.writeInteger(first)
      $0.writeInteger(count)
      $0.writeBytes(rest)
    }
  }

  @Test("A message that ends too soon, wherever")
  func truncated() throws {
    for message in try Self.messages() {
      let accepted = (0..<message.readableBytes).filter { length in
        reason(of: message.getSlice(at: 0, length: length) ?? ByteBuffer()) == nil
      }
      #expect(accepted == [], "of \(message.hexDump(format: .compact))")
      #expect(reason(of: message) == nil)
    }
  }

  @Test("A message with something behind it")
  func trailing() throws {
    for var message in try Self.messages() {
      message.writeInteger(UInt8(0))
      #expect(reason(of: message) != nil)
    }
  }

  @Test("A flipped bit, wherever: in state it is found out, elsewhere nothing worse than another message")
  func flippedBits() throws {
    for message in try Self.messages() {
      let isState = message.getInteger(at: 1, as: UInt8.self) == WireCode.Kind.state.rawValue
      let accepted = (0..<8 * message.readableBytes).filter { bit in
        var damaged = message
        let byte: UInt8 = message.getInteger(at: bit / 8) ?? 0
        damaged.setInteger(byte ^ (1 << (bit % 8)), at: bit / 8)
        return reason(of: damaged) == nil
      }
      if isState { #expect(accepted == [], "of \(message.hexDump(format: .compact))") }
    }
  }

  @Test("Noise", arguments: 0..<20 as Range<UInt64>)
  func noise(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      let noise = (0..<Int.random(in: 0..<100, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      // Behind a preamble, so that it comes further than the first byte.
      let kind = UInt8.random(in: 1...3, using: &generator)
      if reason(of: ByteBuffer(bytes: [2, kind] + noise)) == nil {
        Issue.record("seed \(seed): \(noise) of kind \(kind) is a message")
      }
      _ = reason(of: ByteBuffer(bytes: noise))
    }
  }

  @Test("T14: nothing, JSON of any kind, other versions, unknown kinds")
  func preamble() {
    #expect(reason(of: ByteBuffer()) == .empty)
    #expect(reason(of: ByteBuffer(string: "{}")) == .malformed("the message has no kind"))
    for byte in [0, 1, 32, 110, 255] as [UInt8] {
      #expect(
        reason(of: ByteBuffer(bytes: [byte, 1]))
          == .malformed("the first byte is \(byte), and no message begins with it"))
    }
    for version in 3...31 as ClosedRange<UInt8> where version != 0x09 && version != 0x0a && version != 0x0d {
      #expect(reason(of: ByteBuffer(bytes: [version, 1])) == .unsupportedVersion(UInt64(version)))
    }
    for kind in [0, 15, 16, 255] as [UInt8] {
      #expect(reason(of: ByteBuffer(bytes: [2, kind])) == .unknownKind(kind))
    }
    #expect(reason(of: SavedSnapshot.encode([])) != nil)
  }

  @Test("A message over 64 MiB, before anything of it is looked at")
  func oversized() {
    #expect(reason(of: ByteBuffer(repeating: 2, count: WireLimits.messageBytes + 1)) == .oversized)
  }

  @Test("T14: an entry of an unknown kind, or none at all")
  func entryKind() {
    #expect(reason(of: write([3, 1, 0x6b, 0])) == .malformed("entry kind 3 is unknown"))
    #expect(reason(of: write([0, 1, 0x6b, 0])) == .malformed("entry kind 0 is unknown"))
    #expect(reason(of: write(count: 0, [0])) == .malformed("a write without entries"))
    #expect(reason(of: write([2, 1, 0x6b, 0])) == nil)
  }

  @Test("T15: keys and node IDs that are not UTF-8")
  func utf8() {
    #expect(reason(of: write([2, 1, 0xff, 0])) == .invalidUTF8)
    #expect(reason(of: write([2, 1, 0xfe, 0])) == .invalidUTF8)
    #expect(reason(of: write([2, 3, 0xed, 0xa0, 0x80, 0])) == .invalidUTF8)
    #expect(reason(of: write([2, 2, 0xc0, 0x80, 0])) == .invalidUTF8)
    let request = ByteBuffer(bytes: [2, 2, 1, 0xff] + [UInt8](repeating: 0, count: 16))
    #expect(reason(of: request) == .invalidUTF8)
  }

  @Test("Node IDs that are empty or hold control characters; incarnations that are none")
  func identities() {
    func request(_ nodeID: [UInt8], _ incarnation: UInt64 = 1) -> ByteBuffer {
      bytes {
        $0.writeBytes([2, 2, UInt8(nodeID.count)] + nodeID)
        $0.writeInteger(incarnation)
        $0.writeInteger(UInt64(5))
      }
    }
    #expect(reason(of: request([0x61])) == nil)
    #expect(reason(of: request([])) != nil)
    #expect(reason(of: request([0x1f])) != nil)
    #expect(reason(of: request([0x7f])) != nil)
    #expect(reason(of: request([0xc2, 0x85])) != nil)
    #expect(reason(of: request([0x61], 1 << 62)) == .numberOverflow)
  }

  @Test("Numbers that overflow and counts beyond what is there")
  func overflow() {
    let max = [UInt8](repeating: 0xff, count: 9) + [0x01]
    let tooMuch = [UInt8](repeating: 0xff, count: 9) + [0x02]
    let endless = [UInt8](repeating: 0x80, count: 30)
    #expect(reason(of: write([2] + max + [0])) != nil)
    #expect(reason(of: write([2] + tooMuch + [0])) == .numberOverflow)
    #expect(reason(of: write([2] + endless + [0])) == .numberOverflow)
    #expect(reason(of: write(count: .max, [2, 1, 0x6b, 0])) == .truncated)
    #expect(reason(of: write(count: 2, first: .max, [2, 1, 0x6b, 2, 1, 0x6b, 0])) == .numberOverflow)
    // A key's length.
    #expect(reason(of: write([2, 0x80, 0x80, 0x04, 0x6b, 0])) != nil)
    // A value's length.
    #expect(reason(of: write([1, 1, 0x6b, 0, 0xff, 0xff, 0xff, 0xff, 0])) == .truncated)
    // A lifetime's length.
    #expect(reason(of: write([1, 1, 0x6b, 9] + max + [0, 0, 0, 0, 0])) == .truncated)
    // The number of raised stamps, the entry one belongs to, by how much.
    #expect(reason(of: write([2, 1, 0x6b, 2] + max)) == .truncated)
    #expect(reason(of: write([2, 1, 0x6b, 2, 1, 1, 1])) == .numberOverflow)
    #expect(reason(of: write([2, 1, 0x6b, 2, 1, 0] + max)) == .numberOverflow)
    #expect(
      reason(of: write([2, 1, 0x6b, 2, 1, 0] + [UInt8](repeating: 0xff, count: 8) + [0x7f]))
        == .timestampOutOfRange)
    #expect(reason(of: write([2, 1, 0x6b, 8])) == .malformed("unknown flags 8"))
  }

  @Test("T12: timestamps before 1970 and from 2200 on, wherever one can stand")
  func timestamps() throws {
    for bad in [-1, Int64.min, Timestamp.latest.nanoseconds + 1, Int64.max] {
      #expect(reason(of: write(timestamp: bad, [2, 1, 0x6b, 0])) == .timestampOutOfRange)
      let wall = bytes {
        $0.writeBytes([2, 1, 0x6b, 1])
        $0.writeInteger(bad)
      }
      #expect(reason(of: write(Array(wall.readableBytesView))) == .timestampOutOfRange)
      var chunks: [ByteBuffer] = []
      let sender = PodIdentity(nodeID: "a", incarnation: 1)
      var encoder = StateEncoder(sender: sender, answer: nil, isSettled: true) { chunks.append($0) }
      encoder.delete(
        Key("k"), version: Version(timestamp: Timestamp(nanoseconds: bad), author: sender, sequence: 1),
        epoch: .beginning, deletedAt: .earliest)
      encoder.finish()
      #expect(reason(of: chunks[0]) == .timestampOutOfRange)
    }
    #expect(reason(of: write(timestamp: Timestamp.latest.nanoseconds, [2, 1, 0x6b, 0])) == nil)
    // One nanosecond too many by being raised.
    #expect(
      reason(of: write(timestamp: Timestamp.latest.nanoseconds, [2, 1, 0x6b, 2, 1, 0, 1]))
        == .timestampOutOfRange)
  }

  @Test("An epoch that begins after the write that belongs to it, or of a delete")
  func epochs() {
    func epoch(at timestamp: Int64, of entry: [UInt8]) -> ByteBuffer {
      let trailer = bytes {
        $0.writeBytes(entry + [4, 1, 0])
        $0.writeInteger(timestamp)
        $0.writeBytes([1, 0x62])
        $0.writeInteger(UInt64(0))
        $0.writeInteger(UInt64(1))
      }
      return write(timestamp: 100, Array(trailer.readableBytesView))
    }
    let set: [UInt8] = [1, 1, 0x6b, 0, 0, 0, 0, 0]
    #expect(reason(of: epoch(at: 99, of: set)) == nil)
    #expect(reason(of: epoch(at: 101, of: set)) != nil)
    #expect(reason(of: epoch(at: 99, of: [2, 1, 0x6b])) != nil)
  }

  @Test("A sender that could be read is named in the error")
  func origin() {
    #expect(throws: WireError(.timestampOutOfRange, origin: "a")) {
      try WireDecoder.decode(write(timestamp: -1, [2, 1, 0x6b, 0]))
    }
  }

  @Test("State with an author that was not introduced, an unknown flag, entries that are not there")
  func state() {
    func chunk(_ body: [UInt8]) -> ByteBuffer {
      bytes {
        $0.writeBytes([2, 3, 1, 0x61] + [UInt8](repeating: 0, count: 8) + body)
        $0.writeInteger(CRC32C.checksum(of: $0.readableBytesUInt8Span))
      }
    }
    #expect(reason(of: chunk([0, 0, 0, 0, 0])) == nil)
    #expect(reason(of: chunk([16, 0, 0, 0, 0])) == .malformed("unknown flags 16"))
    #expect(reason(of: chunk([0, 0xff, 0xff, 0xff, 0xff])) == .truncated)
    let stamp = [UInt8](repeating: 0, count: 8)
    let entry: [UInt8] = [2, 1, 0x6b] + stamp + [1] + stamp + stamp
    #expect(reason(of: chunk([0, 0, 0, 0, 1] + entry)) == .malformed("author 1 is not introduced"))
    // A context that claims more authors, or more ranges, than there are bytes.
    #expect(reason(of: chunk([4, 0, 0, 0, 0] + [0xff, 0x7f])) == .truncated)
  }

  @Test("Snapshots that are cut, damaged, or something else")
  func snapshots() throws {
    var samples = WireSamples(seed: 5)
    let saved = SavedSnapshot.encode(try samples.state(upTo: 4).messages)
    let accepted = (0..<saved.readableBytes).filter { length in
      (try? SavedSnapshot.decode(saved.getSlice(at: 0, length: length) ?? ByteBuffer())) != nil
    }
    #expect(accepted == [2])  // One of nothing.
    let write = try samples.write().message
    #expect(throws: WireError.self) { try SavedSnapshot.decode(write) }
    #expect(throws: WireError.self) { try SavedSnapshot.decode(SavedSnapshot.encode([write])) }
    #expect(throws: WireError.self) { try SavedSnapshot.decode(ByteBuffer(string: "garbage")) }
  }
}

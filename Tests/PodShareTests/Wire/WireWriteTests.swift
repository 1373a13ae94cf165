import NIOCore
import Testing

@testable import PodShare

@Suite("Wire: writes")
struct WireWriteTests {
  @Test("Any write reads back as it was written", arguments: 0..<200 as Range<UInt64>)
  func roundTrip(seed: UInt64) throws {
    var samples = WireSamples(seed: seed)
    let sample = try samples.write()
    guard case .write(let write) = try WireDecoder.decode(sample.message) else {
      Issue.record("seed \(seed): not a write")
      return
    }
    #expect(write.author == sample.author, "seed \(seed)")
    #expect(write.timestamp == sample.stamp.timestamp, "seed \(seed)")
    #expect(write.entries.map(WireSamples.Entry.init) == sample.entries, "seed \(seed)")
    let other = PodIdentity(nodeID: sample.author.nodeID, incarnation: sample.author.incarnation ^ 1)
    for author in [sample.author, other] {
      let isAuthor = author == sample.author
      #expect(WriteEncoder.Preamble(author: author).begins(sample.message) == isAuthor, "seed \(seed)")
      let known = EncodedIdentity(author)
      guard case .write(let write) = try WireDecoder.decode(sample.message, knowing: known) else { continue }
      #expect(write.author == sample.author, "seed \(seed)")
    }
    #expect(WireDecoder.keys(ofWrite: sample.message) == sample.entries.map(\.key), "seed \(seed)")
  }

  @Test("The bytes of a small write are these, today and for ever")
  func bytes() throws {
    var encoder = WriteEncoder(author: PodIdentity(nodeID: "ab", incarnation: 7))
    _ = try encoder.set(Key("k")) { $0.writeString("42") }
    encoder.delete(Key("é"))
    var stamp = WriteStamp(
      timestamp: Timestamp(nanoseconds: 0x0102_0304), firstSequence: 8, wall: Timestamp(nanoseconds: 5))
    stamp.raised = [(0, 300)]
    stamp.epochs = [
      (
        0,
        Version(
          timestamp: Timestamp(nanoseconds: 1), author: PodIdentity(nodeID: "c", incarnation: 2), sequence: 3)
      )
    ]
    let expected: [UInt8] =
      [2, 1] + [2, 0x61, 0x62] + [0, 0, 0, 0, 0, 0, 0, 7]  // version, kind, author
      + [0, 0, 0, 0, 1, 2, 3, 4] + [0, 0, 0, 0, 0, 0, 0, 8] + [0, 0, 0, 2]  // timestamp, sequence, count
      + [1, 1, 0x6b, 0] + [0, 0, 0, 2, 0x34, 0x32]  // set "k", permanent, "42"
      + [2, 2, 0xc3, 0xa9]  // delete "é"
      + [7] + [0, 0, 0, 0, 0, 0, 0, 5]  // flags, wall
      + [1, 0, 0xac, 0x02]  // one raised: entry 0 by 300
      + [1, 0] + [0, 0, 0, 0, 0, 0, 0, 1] + [1, 0x63] + [0, 0, 0, 0, 0, 0, 0, 2] + [0, 0, 0, 0, 0, 0, 0, 3]
    let message = encoder.finish(stamp)
    #expect(Array(message.readableBytesView) == expected)
    guard case .write(let write) = try WireDecoder.decode(ByteBuffer(bytes: expected)) else { return }
    #expect(write.entries[0].version.timestamp == Timestamp(nanoseconds: 0x0102_0304 + 300))
  }

  @Test("A value's bytes can be taken out of the message that is being written")
  func lastValue() throws {
    var encoder = WriteEncoder(author: PodIdentity(nodeID: "a", incarnation: 0))
    _ = try encoder.set(Key("a")) { $0.writeString("first") }
    let size = try encoder.set(Key("b")) { $0.writeString("second") }
    #expect(size == 6)
    #expect(String(buffer: encoder.lastValue(size)) == "second")
    let nothing = try encoder.set(Key("c")) { _ in }
    #expect(nothing == 0)
    #expect(encoder.lastValue(nothing).readableBytes == 0)
  }

  @Test("A message whose buffer does not begin at zero reads alike")
  func slice() throws {
    var samples = WireSamples(seed: 1)
    let sample = try samples.write()
    var padded = ByteBuffer(string: "xyz")
    padded.writeImmutableBuffer(sample.message)
    padded.moveReaderIndex(forwardBy: 3)
    guard case .write(let write) = try WireDecoder.decode(padded) else { return }
    #expect(write.entries.map(WireSamples.Entry.init) == sample.entries)
  }
}

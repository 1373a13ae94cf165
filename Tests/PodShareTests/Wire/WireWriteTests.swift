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
      let plain = WireDecoder.plainWrite(sample.message, by: known)
      #expect((plain != nil) == (isAuthor && sample.isPlain), "seed \(seed)")
      guard let plain, let entry = sample.entries.first else { continue }
      #expect(plain.key == entry.key && plain.version == entry.version, "seed \(seed)")
      #expect(
        entry.value.map { ArraySlice($0) } == Array(sample.message.readableBytesView)[plain.value],
        "seed \(seed)")
    }
    #expect(WireDecoder.keys(ofWrite: sample.message) == sample.entries.map(\.key), "seed \(seed)")
  }

  @Test("No message that is broken anywhere is read as a plain write", arguments: 0..<100 as Range<UInt64>)
  func brokenPlainWrite(seed: UInt64) throws {
    var samples = WireSamples(seed: seed)
    let sample = try samples.plainWrite()
    let known = EncodedIdentity(sample.author)
    #expect(WireDecoder.plainWrite(sample.message, by: known) != nil, "seed \(seed)")
    let size = sample.message.readableBytes
    // All of a short message, and of a long one what is not in the middle of its key or value.
    let places = (0..<size).filter { $0 < 100 || $0 > size - 100 }
    for length in places {
      let part = sample.message.getSlice(at: 0, length: length) ?? ByteBuffer()
      #expect(WireDecoder.plainWrite(part, by: known) == nil, "seed \(seed): \(length) bytes")
    }
    for index in places {
      var changed = sample.message
      changed.setInteger(samples.byte(), at: index)
      guard let plain = WireDecoder.plainWrite(changed, by: known) else { continue }
      // Then it is another write.
      guard case .write(let write) = try WireDecoder.decode(changed) else { continue }
      #expect(write.entries.map(\.version) == [plain.version], "seed \(seed): byte \(index)")
      #expect(write.entries.map(\.key) == [plain.key], "seed \(seed): byte \(index)")
    }
  }

  @Test("The bytes of a small write are these, today and for ever")
  func bytes() throws {
    var encoder = WriteEncoder(author: PodIdentity(nodeID: "ab", incarnation: 7))
    try encoder.set(Key("k")) { $0.writeString("42") }
    encoder.delete(Key("é"))
    var stamp = WriteStamp(
      timestamp: Timestamp(nanoseconds: 0x0102_0304), firstSequence: 8, wall: Timestamp(nanoseconds: 5))
    let delete = Version(
      timestamp: Timestamp(nanoseconds: 1), author: PodIdentity(nodeID: "c", incarnation: 2), sequence: 3)
    stamp.exceptions = [.epoch(index: 0, delete), .raised(index: 0, nanoseconds: 300)]
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

  @Test("A set written whole has the bytes of one written in parts", arguments: [0, 1, 127, 128, 60_000])
  func whole(length: Int) throws {
    let preamble = WriteEncoder.Preamble(author: PodIdentity(nodeID: "ab", incarnation: 7))
    let (key, value) = (Key(String(repeating: "k", count: length)), [UInt8](repeating: 0x37, count: length))
    let plain = WriteStamp(
      timestamp: Timestamp(nanoseconds: 5), firstSequence: 8, wall: Timestamp(nanoseconds: 5))
    var raised = plain
    raised.exceptions = [.raised(index: 0, nanoseconds: 1)]
    for (stamp, hasMore) in [(plain, false), (raised, false), (plain, true), (raised, true)] {
      let set = WriteEncoder.UnstampedSet(of: key, to: value.span, after: preamble, hasEpochs: false)
      var whole = WriteEncoder(set, after: preamble)
      var parts = WriteEncoder(preamble, capacity: 0)
      try parts.set(key) { $0.writeBytes(value) }
      var lent = WriteEncoder(preamble, capacity: 0)
      lent.set(key, to: value.span)
      let values = [whole.lastValue, parts.lastValue, lent.lastValue]
      #expect(values.allSatisfy { $0 == ByteBuffer(bytes: value) })
      if hasMore {
        whole.delete(key)
        parts.delete(key)
        lent.delete(key)
      }
      let message = whole.finish(stamp)
      let others = [parts.finish(stamp), lent.finish(stamp)]
      #expect(others.allSatisfy { $0 == message })
      guard case .write(let write) = try WireDecoder.decode(message) else {
        Issue.record("not a write")
        continue
      }
      #expect(write.entries.count == (hasMore ? 2 : 1))
    }
  }

  @Test(
    "A long message is not moved when it is finished, which is done under a lock", arguments: [false, true])
  func longMessage(hasEpochs: Bool) throws {
    let author = PodIdentity(nodeID: String(repeating: "n", count: 255), incarnation: 7)
    let preamble = WriteEncoder.Preamble(author: author)
    let version = Version(timestamp: Timestamp(nanoseconds: 3), author: author, sequence: .max)
    // All that can be said of an entry.
    var stamp = WriteStamp(
      timestamp: Timestamp(nanoseconds: 5), firstSequence: 8, wall: Timestamp(nanoseconds: 4))
    stamp.exceptions = [.raised(index: 0, nanoseconds: .max)]
    if hasEpochs { stamp.exceptions.append(.epoch(index: 0, version)) }
    // Buffers have room for a power of two: these go up to one and beyond it.
    for length in 64_500...65_700 {
      let value = [UInt8](repeating: 0x37, count: length)
      let set = WriteEncoder.UnstampedSet(of: Key("k"), to: value.span, after: preamble, hasEpochs: hasEpochs)
      // Moved, or the message would not be its owner's alone.
      let whole = WriteEncoder(consume set, after: preamble)
      var parts = WriteEncoder(preamble, capacity: 0)
      try parts.set(Key("k")) { $0.writeBytes(value) }
      parts.prepareToFinish(hasEpochs: hasEpochs)
      let capacities = [whole.buffer.capacity, parts.buffer.capacity]
      #expect([whole.finish(stamp).capacity, parts.finish(stamp).capacity] == capacities, "\(length) bytes")
    }
  }

  @Test("A value's bytes can be taken out of the message that is being written")
  func lastValue() throws {
    var encoder = WriteEncoder(author: PodIdentity(nodeID: "a", incarnation: 0))
    try encoder.set(Key("a")) { $0.writeString("first") }
    try encoder.set(Key("b")) { $0.writeString("second") }
    #expect(encoder.lastValueBytes == 6)
    #expect(String(buffer: encoder.lastValue) == "second")
    try encoder.set(Key("c")) { _ in }
    #expect(encoder.lastValueBytes == 0)
    #expect(encoder.lastValue.readableBytes == 0)
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

import NIOCore
import PodShareTestKit
import Testing

@testable import PodShare

@Suite("Wire version 1: what is written")
struct EventWritingTests {
  private static let time = Timestamp(nanoseconds: 1_767_323_045_000_000_000)

  private func entry(
    _ key: String, _ bytes: [UInt8]?, origin: String = "go", sequence: UInt64 = 7,
    lifetime: Lifetime = .permanent
  ) -> WireEntry {
    let version = Version(
      timestamp: Self.time, author: PodIdentity(nodeID: origin, incarnation: 5), sequence: sequence)
    return WireEntry(
      key: Key(key), version: version, epoch: .beginning,
      content: bytes.map { .set(lifetime: lifetime, bytes: ByteBuffer(bytes: $0)) } ?? .delete(at: Self.time))
  }

  private func event(_ entry: WireEntry) throws -> String {
    String(buffer: try WireVersion1.encodeEvent(entry))
  }

  @Test("empty bytes and a zero number are left out, as Go leaves them out")
  func omitted() throws {
    #expect(
      try event(entry("k", [], sequence: 0))
        == #"{"v":1,"kind":"set","key":"k","origin":"go","timestamp":"2026-01-02T03:04:05Z"}"#)
    #expect(
      String(buffer: WireVersion1.encodeSnapshot([entry("k", [], sequence: 0), entry("d", nil)]).snapshot)
        == #"{"v":1,"entries":{"d":{"timestamp":"2026-01-02T03:04:05Z","origin":"go","tombstone":true,"seq":7},"k":{"timestamp":"2026-01-02T03:04:05Z","origin":"go"}}}"#
    )
  }

  @Test(
    "strings are escaped as Go's encoder escapes them",
    arguments: [
      ("a\"\\/b", #"a\"\\/b"#), ("\u{8}\u{c}\n\r\t", #"\b\f\n\r\t"#),
      ("\0\u{1}\u{1f}\u{7f}", "\\u0000\\u0001\\u001f\u{7f}"),
      ("<>&", #"\u003c\u003e\u0026"#), ("\u{2028}\u{2029}\u{2027}", "\\u2028\\u2029\u{2027}"), ("é😀", "é😀"),
      ("e\u{301}<", "e\u{301}\\u003c"), ("\u{fffd}", "\u{fffd}"), ("\r\n", #"\r\n"#),
    ])
  func escapes(text: String, json: String) throws {
    let event = try event(entry(text, nil, origin: "o<"))
    #expect(
      event
        == #"{"v":1,"kind":"delete","key":"\#(json)","origin":"o\u003c","timestamp":"2026-01-02T03:04:05Z","seq":7}"#
    )
    #expect(try EventReadingTests.read(event).key == Key(text))
  }

  @Test("the greatest number is written as digits")
  func greatestSequence() throws {
    #expect(try event(entry("k", nil, sequence: .max)).hasSuffix(#","seq":18446744073709551615}"#))
  }

  @Test("keys of a snapshot stand in the order of their bytes, as Go sorts them")
  func sorted() throws {
    let keys = ["b", "a", "", "é", "e\u{301}", "z", "aa", "😀", "\u{fffd}"]
    let snapshot = WireVersion1.encodeSnapshot(keys.map { entry($0, [1]) }).snapshot
    let read = try SavedSnapshot.decode(snapshot).entries.map { Array($0.key.string.utf8) }
    #expect(read == keys.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) })
  }

  @Test("a lifetime cannot be written, and is said to be left out")
  func lifetimes() throws {
    let mortal = entry("m", [1], lifetime: Lifetime(kind: 3, bytes: [9]))
    #expect(throws: WireVersion1.Unrepresentable.self) { try WireVersion1.encodeEvent(mortal) }
    let (snapshot, leftOut) = WireVersion1.encodeSnapshot([entry("a", [1]), mortal, entry("z", [2])])
    #expect(leftOut.map(\.0) == [Key("m")])
    #expect(try SavedSnapshot.decode(snapshot).entries.map(\.key.string) == ["a", "z"])
  }

  @Test("random entries read back as what was written", arguments: 1...200 as ClosedRange<UInt64>)
  func roundTrip(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    func text(_ length: ClosedRange<Int>) -> String {
      String(
        String.UnicodeScalarView(
          (0..<Int.random(in: length, using: &random)).map { _ in
            let top: UInt32 = [0x7f, 0x7ff, 0xffff, 0x10ffff].randomElement(using: &random) ?? 0x7f
            return Unicode.Scalar(UInt32.random(in: 0...top, using: &random)) ?? "\u{2028}"
          }))
    }
    let entries = (0..<20).map { index in
      var entry = entry(
        text(0...30) + "\(index)",
        Bool.random(using: &random)
          ? nil
          : (0..<Int.random(in: 0...60, using: &random)).map { _ in .random(in: 0...255, using: &random) },
        origin: "n" + String(UInt64.random(in: 0 ... .max, using: &random), radix: 36),
        sequence: .random(in: 0 ... .max, using: &random))
      entry.version = Version(
        timestamp: Timestamp(nanoseconds: .random(in: 0...Timestamp.latest.nanoseconds, using: &random)),
        author: entry.version.author, sequence: entry.version.sequence)
      return entry
    }
    for entry in entries {
      let read = try EventReadingTests.read(try WireVersion1.encodeEvent(entry))
      #expect(read.key == entry.key, "seed \(seed)")
      #expect(read.version == entry.version, "seed \(seed)")
      #expect(bytes(read) == bytes(entry), "seed \(seed)")
    }
    let snapshot = try SavedSnapshot.decode(WireVersion1.encodeSnapshot(entries).snapshot)
    #expect(snapshot.rejected == [], "seed \(seed)")
    let versions = Dictionary(entries.map { ($0.key, $0.version) }) { _, last in last }
    #expect(snapshot.entries.count == entries.count, "seed \(seed)")
    #expect(snapshot.entries.allSatisfy { versions[$0.key] == $0.version }, "seed \(seed)")
  }

  private func bytes(_ entry: WireEntry) -> ByteBuffer? {
    if case .set(_, let bytes) = entry.content { bytes } else { nil }
  }
}

import NIOCore
import Testing

@testable import PodShare

@Suite("Wire version 1: snapshots")
struct SnapshotReadingTests {
  private func read(_ text: String) throws(WireError) -> SavedSnapshot.Contents {
    try SavedSnapshot.decode(ByteBuffer(string: text))
  }

  private static let good = #"{"value":"dg==","timestamp":"2026-01-02T03:04:05Z","origin":"go","seq":7}"#

  @Test(
    "T9: an entry that makes no sense is left out and named; the others stand",
    arguments: [
      "1", "null", "[]", #""text""#, "{}", #"{"value":"dg==","origin":"go"}"#,
      #"{"value":"?","timestamp":"2026-01-02T03:04:05Z","origin":"go","seq":7}"#,
      #"{"value":"dg==","timestamp":"yesterday","origin":"go","seq":7}"#,
      #"{"value":"dg==","timestamp":"0001-01-01T00:00:00Z","origin":"go","seq":7}"#,
      #"{"value":"dg==","timestamp":"2026-01-02T03:04:05Z","seq":7}"#,
      #"{"value":"dg==","timestamp":"2026-01-02T03:04:05Z","origin":"go","seq":-7}"#,
      #"{"value":"dg==","timestamp":"2026-01-02T03:04:05Z","origin":"go","tombstone":"yes"}"#,
      #"{"value":{"deep":[1,{"seq":"7"}]},"timestamp":"2026-01-02T03:04:05Z","origin":"go","seq":7}"#,
    ])
  func badEntry(entry: String) throws {
    let contents = try read(#"{"v":1,"entries":{"a":\#(Self.good),"bad":\#(entry),"z":\#(Self.good)}}"#)
    #expect(contents.entries.map(\.key.string) == ["a", "z"])
    #expect(contents.rejected.map(\.key) == ["bad"])
  }

  @Test("a key that is no Unicode, or too long, costs itself alone")
  func badKey() throws {
    let long = String(repeating: "k", count: 65_536)
    let contents = try read(
      #"{"entries":{"\ud800":\#(Self.good),"\#(long)":\#(Self.good),"z":\#(Self.good)}}"#)
    #expect(contents.entries.map(\.key.string) == ["z"])
    #expect(contents.rejected.count == 2)
  }

  @Test("of a key that comes twice the last entry counts; keys are compared by their bytes")
  func doubledKeys() throws {
    let other = Self.good.replacing("\"seq\":7", with: "\"seq\":8")
    let contents = try read(
      "{\"entries\":{\"k\":\(Self.good),\"k\":\(other),\"K\":\(Self.good),\"é\":\(Self.good),\"e\u{301}\":\(Self.good)}}"
    )
    #expect(contents.entries.map(\.version.sequence) == [8, 7, 7, 7])
    #expect(Set(contents.entries.map(\.key)).count == 4)
  }

  @Test("P7: of a snapshot of nothing but bad entries a hundred errors are kept, and all are counted")
  func manyBadEntries() throws {
    let entries = (0..<100_000).map { "\"\($0)\":1" }.joined(separator: ",")
    let contents = try read("{\"entries\":{\(entries)}}")
    #expect(contents.entries.isEmpty)
    #expect(contents.rejected.count == 100)
    #expect(contents.rejectedCount == 100_000)
  }

  @Test("entries of one origin share it: a snapshot takes a small multiple of its bytes")
  func sharedOrigins() throws {
    // Longer than what a string has room for in itself.
    let good = Self.good.replacing("\"go\"", with: "\"the-pod-with-a-long-name\"")
    let entries = (0..<1_000).map { "\"\($0)\":\(good)" }.joined(separator: ",")
    let contents = try read("{\"entries\":{\(entries)}}")
    #expect(contents.entries.count == 1_000)
    let addresses = contents.entries.map { entry in
      entry.version.author.nodeID.utf8.withContiguousStorageIfAvailable { $0.baseAddress }
    }
    #expect(Set(addresses).count == 1)
  }

  @Test("member names match whatever their case, and unknown members are skipped")
  func leniency() throws {
    let contents = try read(
      #"{"V":1,"later":{"entries":{"x":1}},"Entries":{"k":{"VALUE":"dg==","Later":[1],"TimeStamp":"2026-01-02T03:04:05Z","ORIGIN":"go","TOMBSTONE":true,"SEQ":7}}} "#
    )
    let entry = try #require(contents.entries.first)
    guard case .delete = entry.content else {
      Issue.record("\(entry) is no delete")
      return
    }
    #expect(contents.rejected == [])
  }

  @Test("T9: an entry costs itself alone however deep it is")
  func deepEntry() throws {
    let deep = "\(String(repeating: "[", count: 9_000))\(String(repeating: "]", count: 9_000))"
    let entry = Self.good.dropLast() + ",\"later\":\(deep)}"
    let contents = try read(
      #"{"v":1,"entries":{"a":\#(Self.good),"deep":\#(entry),"bad":{"origin":\#(deep)},"z":\#(Self.good)}}"#)
    #expect(contents.entries.map(\.key.string) == ["a", "deep", "z"])
    #expect(contents.rejected.map(\.key) == ["bad"])
  }

  @Test("`entries` may be null or empty")
  func empty() throws {
    for text in [#"{"entries":null}"#, #"{"v":1,"entries":{ }}"#] {
      let contents = try read(text)
      #expect(contents.entries.isEmpty && contents.rejected.isEmpty)
    }
  }

  @Test(
    "what is no snapshot is refused",
    arguments: [
      #"{"v":2,"entries":{}}"#, #"{"v":1,"entries":[]}"#, #"{"v":1,"entries":{}}x"#,
      #"{"entries":{"k":{"a":}}}"#, "{}", #"{"v":1}"#, EventReadingTests.event(), #"{"entries":{},"v":2}"#,
    ])
  func refused(text: String) {
    #expect(throws: WireError.self) { try read(text) }
  }
}

import NIOCore
import Testing

@testable import PodShare

/// Bytes captured off a running Go pod, read and written back.
@Suite("Wire version 1: a Go pod's events and snapshots")
struct EventVectorTests {
  static let set =
    #"{"v":1,"kind":"set","key":"checkout","value":"eyJyYXRlX2xpbWl0IjoxMDAsIm5hbWUiOiJjaGVja291dC1yYXRlIn0=","origin":"pod-a","timestamp":"2026-11-22T19:10:58.521349385Z","seq":1}"#
  static let delete =
    #"{"v":1,"kind":"delete","key":"checkout","origin":"pod-a","timestamp":"2026-11-22T19:10:58.521487863Z","seq":2}"#
  static let snapshot =
    #"{"v":1,"entries":{"a":{"value":"eyJyYXRlX2xpbWl0IjoxLCJuYW1lIjoieCJ9","timestamp":"2026-11-22T19:10:58.521508832Z","origin":"pod-a","seq":3},"b":{"value":"eyJyYXRlX2xpbWl0IjoyLCJuYW1lIjoieSJ9","timestamp":"2026-11-22T19:10:58.521508832Z","origin":"pod-a","seq":4},"checkout":{"timestamp":"2026-11-22T19:10:58.521487863Z","origin":"pod-a","tombstone":true,"seq":2}}}"#
  static let emptySnapshot = #"{"v":1,"entries":{}}"#

  /// 2026-11-22T19:10:58Z.
  static let second: Int64 = 1_795_374_658

  struct Limit: Codable, Equatable {
    var rateLimit: Int
    var name: String

    enum CodingKeys: String, CodingKey {
      case rateLimit = "rate_limit"
      case name
    }
  }

  private func limit(_ entry: WireEntry) throws -> Limit? {
    guard case .set(.permanent, let bytes) = entry.content else { return nil }
    return try JSONCodec<Limit>().decode(bytes)
  }

  @Test("a set reads as what it says, and writes back as the same bytes")
  func setEvent() throws {
    let write = try WireVersion1.decodeEvent(ByteBuffer(string: Self.set))
    let entry = try #require(write.entries.first)
    #expect(write.entries.count == 1)
    #expect(write.author.nodeID == "pod-a")
    #expect(!write.author.hasKnownIncarnation)
    #expect(write.timestamp.nanoseconds == Self.second * 1_000_000_000 + 521_349_385)
    #expect(entry.key == Key("checkout"))
    #expect(entry.version.timestamp == write.timestamp)
    #expect(entry.version.sequence == 1)
    #expect(entry.epoch == .beginning)
    #expect(try limit(entry) == Limit(rateLimit: 100, name: "checkout-rate"))
    #expect(String(buffer: try WireVersion1.encodeEvent(entry)) == Self.set)
  }

  @Test("a delete reads as what it says, and writes back as the same bytes")
  func deleteEvent() throws {
    let entry = try #require(try WireVersion1.decodeEvent(ByteBuffer(string: Self.delete)).entries.first)
    guard case .delete(let time) = entry.content else {
      Issue.record("\(entry) is no delete")
      return
    }
    #expect(time == entry.version.timestamp)
    #expect(entry.key == Key("checkout"))
    #expect(entry.version.sequence == 2)
    #expect(String(buffer: try WireVersion1.encodeEvent(entry)) == Self.delete)
  }

  @Test("a snapshot reads as what it says, and writes back as the same bytes")
  func snapshotOfThree() throws {
    let contents = try SavedSnapshot.decode(ByteBuffer(string: Self.snapshot))
    #expect(contents.rejected == [])
    #expect(contents.entries.map(\.key.string) == ["a", "b", "checkout"])
    #expect(contents.entries.map(\.version.sequence) == [3, 4, 2])
    #expect(contents.entries.allSatisfy { $0.version.origin == "pod-a" })
    #expect(
      contents.entries.map { $0.version.timestamp.nanoseconds % 1_000_000_000 }
        == [521_508_832, 521_508_832, 521_487_863])
    #expect(
      try contents.entries.map(limit) == [
        .init(rateLimit: 1, name: "x"), .init(rateLimit: 2, name: "y"), nil,
      ])
    let (snapshot, leftOut) = WireVersion1.encodeSnapshot(contents.entries.shuffled())
    #expect(String(buffer: snapshot) == Self.snapshot)
    #expect(leftOut.isEmpty)
  }

  @Test("the snapshot of an empty store reads as nothing, and writes back as the same bytes")
  func snapshotOfNone() throws {
    #expect(try SavedSnapshot.decode(ByteBuffer(string: Self.emptySnapshot)).entries.isEmpty)
    #expect(String(buffer: WireVersion1.encodeSnapshot([]).snapshot) == Self.emptySnapshot)
  }
}

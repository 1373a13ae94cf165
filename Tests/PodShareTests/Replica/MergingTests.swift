import NIOCore
import PodShare
import PodShareTestKit
import Testing

@Suite("Merging what other pods hold")
struct MergingTests {
  private typealias Table = Replica<SimulatedStorage<Int>>

  private let author = PodIdentity(nodeID: "author", incarnation: 1_000)
  private let wall = Timestamp(nanoseconds: 1_000_000)

  private func replica(_ kind: SimulatedStorageKind, _ merge: Merge<Int>? = nil) -> Table {
    Replica(
      identity: PodIdentity(nodeID: "replica", incarnation: 5),
      options: ReplicaOptions(merge: merge, tombstoneTTL: .seconds(60), maxClockSkew: .seconds(60)),
      storage: SimulatedStorage(kind), now: wall, seed: 1)
  }

  private func write(_ key: String, _ value: Int, _ number: UInt64) -> Write<Int> {
    Write(key: Key(key), version: version(number), content: .set(value))
  }

  private func version(_ number: UInt64) -> Version {
    Version(timestamp: Timestamp(nanoseconds: Int64(number)), author: author, sequence: 1_000 + number)
  }

  @Test("A key with several writes in a row is changed once", arguments: SimulatedStorageKind.allCases)
  func inARow(kind: SimulatedStorageKind) {
    var replica = replica(kind, Merge { max($0, $1) })
    var outbox = Outbox<Int>()
    replica.receive(
      saved: [write("a", 1, 1), write("b", 1, 2), write("b", 3, 3), write("b", 2, 4), write("c", 1, 5)],
      wall: wall, outbox: &outbox)
    #expect(replica.entry(forKey: Key("b"))?.value == 3)
    #expect(replica.entry(forKey: Key("b"))?.version == version(4))
    #expect(outbox.take().events.map(\.event.key) == ["a", "b", "c"])
  }

  @Test("A key that comes again further on is changed again", arguments: SimulatedStorageKind.allCases)
  func apart(kind: SimulatedStorageKind) {
    var replica = replica(kind)
    var outbox = Outbox<Int>()
    let writes = [write("a", 1, 1), write("b", 1, 2), write("a", 3, 4), write("b", 2, 3), write("a", 2, 1)]
    replica.receive(saved: writes, wall: wall, outbox: &outbox)
    #expect(replica.snapshot().mapValues(\.value) == [Key("a"): 3, Key("b"): 2])
    #expect(outbox.take().events.map(\.event.key) == ["a", "b", "a", "b"])
    #expect(replica.counters.keys == 2)

    var inOrder = self.replica(kind)
    inOrder.receive(saved: [write("b", 2, 3), write("a", 3, 4)], wall: wall, outbox: &outbox)
    #expect(replica.digest.root == inOrder.digest.root)
    // A number of which the effect is not in the table has none that is recorded.
    #expect(replica.context.contains(version(4)) && replica.context.contains(version(2)))
  }

  @Test(
    "What was deleted and is forgotten does not come back with a chunk",
    arguments: SimulatedStorageKind.allCases)
  func forgotten(kind: SimulatedStorageKind) {
    var replica = replica(kind)
    var outbox = Outbox<Int>()
    replica.receive(saved: [write("a", 1, 1), write("b", 1, 2)], wall: wall, outbox: &outbox)
    let delete = Write<Int>(
      key: Key("a"), version: version(3), epoch: .after(version(3)), content: .delete(at: wall))
    replica.receive(saved: [delete], wall: wall, outbox: &outbox)
    let later = wall.advanced(by: .seconds(120))
    while replica.collectTombstones(wall: later, outbox: &outbox) {}
    #expect(replica.count == 1)
    replica.receive(saved: [write("a", 1, 1), delete, write("c", 1, 4)], wall: later, outbox: &outbox)
    #expect(replica.snapshot().mapValues(\.value) == [Key("b"): 1, Key("c"): 1])
  }

  @Test(
    "Nor does what this pod itself has written and deleted, with no word to anybody in between",
    arguments: SimulatedStorageKind.allCases)
  func ownForgotten(kind: SimulatedStorageKind) throws {
    var replica = replica(kind)
    var outbox = Outbox<Int>()
    var versions: [Version] = []
    for action in [LocalChange<Int>.Action.set(1), .delete] {
      versions.append(
        try replica.write(
          LocalChange(key: Key("a"), action: action), encoder: WriteEncoder(author: replica.identity),
          wall: wall, outbox: &outbox))
    }
    let later = wall.advanced(by: .seconds(120))
    while replica.collectTombstones(wall: later, outbox: &outbox) {}
    #expect(replica.count == 0)
    let set = Write(key: Key("a"), version: versions[0], content: .set(1))
    replica.receive(saved: [set], wall: later, outbox: &outbox)
    #expect(replica.count == 0)
    #expect(replica.context.contains(versions[0]) && replica.context.contains(versions[1]))
  }
}

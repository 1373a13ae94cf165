import PodShare
import PodShareTestKit
import Testing

@Suite("Healing after crashes", .timeLimit(.minutes(1)))
struct CrashTests {
  @Test(
    "P1: what one pod holds of an author that is gone reaches the others in time, though most of the fleet crashes"
  )
  func manyCrashes() throws {
    for seed in 1...40 as ClosedRange<UInt64> {
      let fleet = SimulatedFleet<Int>(seed: seed, options: .forSimulation)
      fleet.conditions.delay = 0.000_1...0.02
      let pods = try (0..<10).map { try fleet.start("pod \($0)", codec: BigEndianCodec()) }
      let author = try fleet.start("author", codec: BigEndianCodec())
      try fleet.run(for: .seconds(4))
      fleet.reaches = { sender, receiver in sender !== author || receiver === pods[0] }
      _ = try fleet.write([LocalChange(key: Key("k"), action: .set(1))], on: author)
      try fleet.run(for: .milliseconds(50))
      fleet.crash(author)
      for pod in pods.dropFirst(3) { fleet.crash(pod) }
      // Two intervals more than else: one whose heartbeat was still on its way when it crashed is waited for that long.
      try fleet.run(for: fleet.conditions.syncInterval * 4 + .milliseconds(200))
      for pod in pods.prefix(3) {
        #expect(pod.replica.entry(forKey: Key("k"))?.value == 1, "seed \(seed), \(pod.identity)")
      }
    }
  }

  @Test("Heartbeats are all that is sent where tombstones differ and nothing else does")
  func differentTombstones() throws {
    let fleet = try SimulatedFleet.calm(of: ["a", "b", "author"])
    let (a, b, author) = (fleet.pods[0], fleet.pods[1], fleet.pods[2])
    // b hears neither the write nor the delete, and then there is nobody who could be asked by number.
    fleet.reaches = { sender, receiver in sender !== author || receiver !== b }
    _ = try fleet.write([LocalChange(key: Key("k"), action: .set(1))], on: author)
    _ = try fleet.write([LocalChange(key: Key("k"), action: .delete)], on: author)
    try fleet.run(for: .milliseconds(50))
    fleet.crash(author)
    try fleet.run(for: .seconds(10))
    #expect(a.replica.context != b.replica.context)
    let before = fleet.traffic.messages
    try fleet.run(for: .seconds(20))
    // Two pods, a heartbeat a second, each heard by both.
    #expect(fleet.traffic.messages - before <= 20 * 4)
  }
}

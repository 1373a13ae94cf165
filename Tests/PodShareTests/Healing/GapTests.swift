import PodShare
import PodShareTestKit
import Testing

@Suite("Missing numbers", .timeLimit(.minutes(1)))
struct GapTests {
  @Test(
    "T7: a lost write is asked for at the next one, and is there a tenth of a second later, long before a heartbeat"
  )
  func nextWriteShowsIt() throws {
    for seed in 1...40 as ClosedRange<UInt64> {
      let fleet = SimulatedFleet<Int>(seed: seed, options: .forSimulation)
      fleet.conditions.delay = 0.000_1...0.002
      let (a, b) = (
        try fleet.start("a", codec: BigEndianCodec()), try fleet.start("b", codec: BigEndianCodec())
      )
      _ = try fleet.write([LocalChange(key: Key("first"), action: .set(0))], on: a)
      try fleet.run(for: .seconds(3))
      fleet.reaches = { $0 === $1 }
      _ = try fleet.write([LocalChange(key: Key("lost"), action: .set(1))], on: a)
      fleet.reaches = { _, _ in true }
      _ = try fleet.write([LocalChange(key: Key("next"), action: .set(2))], on: a)
      try fleet.run(for: .milliseconds(100))
      #expect(b.replica.entry(forKey: Key("lost"))?.value == 1, "seed \(seed)")
    }
  }

  @Test("A write that was only overtaken is not asked for")
  func overtaken() throws {
    let fleet = try SimulatedFleet.calm(of: ["a", "b"])
    let (a, b) = (fleet.pods[0], fleet.pods[1])
    for number in 0..<200 {
      _ = try fleet.write([LocalChange(key: Key("\(number % 10)"), action: .set(number))], on: a)
      try fleet.run(for: .milliseconds(1))
    }
    try fleet.run(for: .milliseconds(100))
    #expect(b.replica.counters.healing.gaps == 0)
    #expect(a.replica.snapshot().mapValues(\.version) == b.replica.snapshot().mapValues(\.version))
  }
}

@_spi(Measuring) import PodShareTestKit
import Testing

/// Bytes on a simulated network, the same on every machine. `podshare-bench` measures more of them.
@Suite("What healing costs")
struct HealingCostTests {
  @Test("Ten equal pods say so in less than 2,000 bytes a second each")
  func idle() throws {
    #expect(try fleet(pods: 10, entries: 1_000).idle() < 2_000)
  }

  @Test("One difference in 20,000 entries costs less than 8,000 bytes in all")
  func oneDifference() throws {
    let fleet = try fleet(pods: 2, entries: 20_000)
    for _ in 0..<5 {
      let healed = try fleet.differences(1)
      #expect(healed.bytes < 8_000)
      #expect(healed.seconds < 2, "two sync intervals")
    }
  }

  @Test("A write that got lost costs a fleet no more than some of its pods' comparisons")
  func lostWrite() throws {
    let fleet = try fleet(pods: 20, entries: 1_000)
    for _ in 0..<5 { #expect(try fleet.lostWrite(missedBy: 1).bytes < 30_000) }
  }

  private func fleet(pods: Int, entries: Int) throws -> HealingCost<Int> {
    try HealingCost(
      pods: pods, entries: entries, seed: 1, codec: NumberCodec(), key: { "key \($0)" }, value: { $0 })
  }
}

import PodShare
@_spi(Measuring) import PodShareTestKit

/// What it costs to find out that nothing is missing, and to mend it if something is: bytes on a simulated network, the
/// same on every machine. Rounds differ by what is drawn at random.
enum Healing {
  static let idle = Experiment(
    figures: [
      Figure(
        name: "sync_idle", unit: "bytes/s/pod",
        about: "What each of 10 pods receives that hold the same 100,000 entries, while nobody writes.")
    ], rounds: 3
  ) { rounds in
    let samples = try (1...rounds.count).map { seed in
      try fleet(of: 10, entries: 100_000, seed: UInt64(seed)).idle()
    }
    return ["sync_idle": Samples(samples)]
  }

  static let oneDifference = Experiment(
    figures: [
      Figure(
        name: "sync_one_difference", unit: "bytes",
        about: "What two pods of 100,000 entries receive until they are equal again, of which one differs.")
    ], rounds: 21
  ) { rounds in
    let fleet = try fleet(of: 2, entries: 100_000, seed: 1)
    return [
      "sync_one_difference": Samples(
        try (1...rounds.count).map { _ in Double(try fleet.differences(1).bytes) })
    ]
  }

  static func fleet(of pods: Int, entries: Int, seed: UInt64) throws -> HealingCost<Limits> {
    try HealingCost(
      pods: pods, entries: entries, seed: seed, codec: JSONCodec(), key: Keys.key, value: { Limits($0) })
  }
}

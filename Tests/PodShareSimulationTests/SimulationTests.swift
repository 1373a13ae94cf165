import Dispatch
import Foundation
import PodShare
import PodShareTestKit
import Testing

/// A seed that fails is printed with its log, and replays exactly:
/// `PODSHARE_SEED=17 swift test --filter PodShareSimulationTests`. `PODSHARE_SEEDS=10000` runs more of them; by default
/// there are few in a debug build, which is twenty times as slow as a release build.
@Suite("Simulated fleets")
struct SimulationTests {
  static let seeds: ClosedRange<UInt64> = {
    let environment = ProcessInfo.processInfo.environment
    if let seed = environment["PODSHARE_SEED"].flatMap({ UInt64($0) }) { return seed...seed }
    return 1...(environment["PODSHARE_SEEDS"].flatMap { UInt64($0) } ?? defaultCount)
  }()

  #if DEBUG
    private static let defaultCount: UInt64 = 5
  #else
    private static let defaultCount: UInt64 = 250
  #endif

  @Test("P1, P2, P3, P5: the later write wins, on every pod alike, whatever the network does")
  func lastWriteWins() async {
    await run(Self.numbers(withOldBuild: true))
  }

  @Test("P1, P2, P3, P5: the same where some of the pods write wire version 1")
  func mixedFormats() async {
    var dialect = Self.numbers(withOldBuild: true)
    dialect.hasVersion1Pods = true
    await run(dialect)
  }

  @Test(
    "P1, P2, P3, P5, P6: no write between two deletes is lost, on every pod alike, whatever the network does")
  func merge() async {
    await run(Self.sets(withOldBuild: true))
  }

  @Test(
    "P1 to P3: pods become equal after losses, full queues, silent and one-way partitions, pauses, crashes",
    arguments: [false, true])
  func hostileNetwork(withOldBuild: Bool) async {
    await run(Self.numbers(withOldBuild: withOldBuild).hostile())
  }

  @Test("P6: the same with a merge function, and no write between two deletes is missing")
  func hostileNetworkWithMerge() async {
    await run(Self.sets().hostile())
  }

  @Test(
    "T10: what the fleet had seen deleted stays deleted, however long pods and halves of the fleet are away")
  func longAbsences() async {
    await run(Self.numbers().hostile(longAbsences: true))
  }

  @Test("T10: the same with a merge function")
  func longAbsencesWithMerge() async {
    await run(Self.sets().hostile(longAbsences: true))
  }

  @Test("T12: pods become equal though clocks are days off, or fifty years ahead")
  func wildClocks() async {
    await run(Self.numbers().hostile(longAbsences: true, wildClocks: true))
  }

  @Test("T12: the same with a merge function")
  func wildClocksWithMerge() async {
    await run(Self.sets().hostile(longAbsences: true, wildClocks: true))
  }

  @Test("P1: eight to fifty pods become equal after all of that, within the same time")
  func largeFleets() async {
    var dialect = Self.numbers().hostile()
    dialect.firstPods = 8...40
    dialect.maxPods = 50
    // One takes as long as a hundred small ones.
    await run(dialect, seeds: Self.seeds.prefix(max(1, Self.seeds.count / 50)))
  }

  private static func numbers(withOldBuild: Bool = false) -> Dialect<Int> {
    Dialect(
      merge: nil, codec: NumberCodec(),
      oldBuild: withOldBuild ? .init(codec: NumberCodec(isOldBuild: true), reads: { $0 % 7 != 0 }) : nil,
      value: { $0 })
  }

  private static func sets(withOldBuild: Bool = false) -> Dialect<Set<Int>> {
    Dialect(
      merge: Merge { $0.union($1) }, codec: SetCodec(),
      oldBuild: withOldBuild ? .init(codec: SetCodec(isOldBuild: true), reads: { $0 % 7 != 0 }) : nil,
      value: { [$0] })
  }

  @Test("A seed replays exactly: the same pods, the same messages, at the same times")
  func replay() throws {
    let dialect = Self.numbers(withOldBuild: true).hostile()
    let seed = Self.seeds.lowerBound
    let logs = try (0..<2).map { _ in
      let workload = Workload(seed: seed, dialect: dialect)
      try workload.run()
      return Array(workload.fleet.log)
    }
    #expect(logs[0] == logs[1])
    // Equal in another process too, whose hashes have another seed: compare by eye.
    let checksum = CRC32C.checksum(of: Array(logs[0].joined(separator: "\n").utf8).span)
    print("seed \(seed): \(logs[0].count) lines, checksum \(String(checksum, radix: 16))")
  }

  @Test("A seed runs alike on the table and on a dictionary, to the last message")
  func storages() throws {
    var dialect = Self.numbers(withOldBuild: true)
    for seed in Self.seeds.prefix(30) {
      dialect.isHostile = seed.isMultiple(of: 3)
      dialect.merge = seed.isMultiple(of: 2) ? nil : Merge { max($0, $1) }
      let logs = try SimulatedStorageKind.allCases.map { storage in
        let workload = Workload(seed: seed, dialect: dialect, storage: storage)
        try workload.run()
        return Array(workload.fleet.log)
      }
      #expect(logs[0] == logs[1], "seed \(seed)")
    }
  }

  private func run<Value>(_ dialect: Dialect<Value>, seeds: some Sequence<UInt64> & Sendable = Self.seeds)
    async
  {
    // On threads of its own: a simulation never waits, and other tests need the pool's threads.
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        let lanes = ProcessInfo.processInfo.activeProcessorCount
        DispatchQueue.concurrentPerform(iterations: lanes) { lane in
          for seed in seeds where Int(seed % UInt64(lanes)) == lane {
            guard Self.run(seed: seed, dialect) else { return }
          }
        }
        continuation.resume()
      }
    }
  }

  private static func run<Value>(seed: UInt64, _ dialect: Dialect<Value>) -> Bool {
    // Either storage behaves alike, which is a test of its own.
    let storage = seed % 4 < 2 ? SimulatedStorageKind.table : .dictionary
    let workload = Workload(seed: seed, dialect: dialect, storage: storage)
    do {
      try workload.run()
      return true
    } catch {
      Issue.record(
        """
        seed \(seed) on the \(storage.rawValue): \(error)
        replay with PODSHARE_SEED=\(seed) swift test --filter PodShareSimulationTests
        \(workload.fleet.log.suffix(seeds.count == 1 ? .max : 200).joined(separator: "\n"))
        """)
      return false
    }
  }
}

extension Dialect {
  fileprivate func hostile(longAbsences: Bool = false, wildClocks: Bool = false) -> Self {
    var dialect = self
    dialect.isHostile = true
    dialect.hasLongAbsences = longAbsences
    dialect.hasWildClocks = wildClocks
    return dialect
  }
}

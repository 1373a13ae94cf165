import Dispatch
import Foundation
import PodShare
import PodShareTestKit
import Testing

/// A seed that fails is printed with its log, and replays exactly:
/// `PODSHARE_SEED=17 swift test --filter PodShareSimulationTests`. `PODSHARE_SEEDS=10000` runs more of them; by default
/// there are few in a debug build, which is twenty times as slow as a release build.
@Suite("Simulated fleets: reordering, duplication, delay, clocks, restarts, joins, absences")
struct SimulationTests {
  static let seeds: ClosedRange<UInt64> = {
    let environment = ProcessInfo.processInfo.environment
    if let seed = environment["PODSHARE_SEED"].flatMap({ UInt64($0) }) { return seed...seed }
    return 1...(environment["PODSHARE_SEEDS"].flatMap { UInt64($0) } ?? defaultCount)
  }()

  #if DEBUG
    private static let defaultCount: UInt64 = 100
  #else
    private static let defaultCount: UInt64 = 3_000
  #endif

  @Test(
    "P1, P2, P3, P5: the later write wins, on every pod alike, whatever the network does",
    arguments: SimulatedStorageKind.allCases)
  func lastWriteWins(storage: SimulatedStorageKind) async {
    await run(
      on: storage,
      Dialect(
        merge: nil, codec: NumberCodec(),
        oldBuild: .init(codec: NumberCodec(isOldBuild: true), reads: { $0 % 7 != 0 }), value: { $0 }))
  }

  @Test(
    "P1, P2, P3, P5: the same where some of the pods write wire version 1",
    arguments: SimulatedStorageKind.allCases)
  func mixedFormats(storage: SimulatedStorageKind) async {
    var dialect = Dialect(
      merge: nil, codec: NumberCodec(),
      oldBuild: .init(codec: NumberCodec(isOldBuild: true), reads: { $0 % 7 != 0 }), value: { $0 })
    dialect.hasVersion1Pods = true
    await run(on: storage, dialect)
  }

  @Test(
    "P1, P2, P3, P5, P6: no write between two deletes is lost, on every pod alike, whatever the network does",
    arguments: SimulatedStorageKind.allCases)
  func merge(storage: SimulatedStorageKind) async {
    await run(
      on: storage,
      Dialect(
        merge: Merge { $0.union($1) }, codec: SetCodec(),
        oldBuild: .init(codec: SetCodec(isOldBuild: true), reads: { $0 % 7 != 0 }), value: { [$0] }))
  }

  @Test("A seed replays exactly: the same pods, the same messages, at the same times")
  func replay() throws {
    let dialect = Dialect<Int>(
      merge: nil, codec: NumberCodec(),
      oldBuild: .init(codec: NumberCodec(isOldBuild: true), reads: { $0 % 7 != 0 }), value: { $0 })
    let seed = Self.seeds.lowerBound
    let logs = try (0..<2).map { _ in
      let workload = Workload(seed: seed, dialect: dialect)
      try workload.run()
      return Array(workload.fleet.log)
    }
    #expect(logs[0] == logs[1])
    // Equal in another process too, whose hashes have another seed: compare by eye.
    let checksum = CRC32C.checksum(of: logs[0].joined(separator: "\n").utf8)
    print("seed \(seed): \(logs[0].count) lines, checksum \(String(checksum, radix: 16))")
  }

  @Test("A seed runs alike on the table and on a dictionary, to the last message")
  func storages() throws {
    var dialect = Dialect<Int>(
      merge: nil, codec: NumberCodec(),
      oldBuild: .init(codec: NumberCodec(isOldBuild: true), reads: { $0 % 7 != 0 }), value: { $0 })
    for seed in Self.seeds.prefix(30) {
      dialect.merge = seed.isMultiple(of: 2) ? nil : Merge { max($0, $1) }
      let logs = try SimulatedStorageKind.allCases.map { storage in
        let workload = Workload(seed: seed, dialect: dialect, storage: storage)
        try workload.run()
        return Array(workload.fleet.log)
      }
      #expect(logs[0] == logs[1], "seed \(seed)")
    }
  }

  private func run<Value>(on storage: SimulatedStorageKind, _ dialect: Dialect<Value>) async {
    // On threads of its own: a simulation never waits, and other tests need the pool's threads.
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        let lanes = ProcessInfo.processInfo.activeProcessorCount
        DispatchQueue.concurrentPerform(iterations: lanes) { lane in
          for seed in Self.seeds where Int(seed % UInt64(lanes)) == lane {
            guard Self.run(seed: seed, on: storage, dialect) else { return }
          }
        }
        continuation.resume()
      }
    }
  }

  private static func run<Value>(
    seed: UInt64, on storage: SimulatedStorageKind, _ dialect: Dialect<Value>
  ) -> Bool {
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

import Foundation
import PodShare
import PodShareTestKit
import Synchronization
import Testing

/// Run under ThreadSanitizer with `--filter Concurrency`.
@Suite("Concurrency: table", .serialized, .timeLimit(.minutes(5)))
struct TableConcurrencyTests {
  /// More than there are cores, so that readers are interrupted anywhere, in a section too.
  private static let readers = ProcessInfo.processInfo.activeProcessorCount * 3
  private static let keys = (0..<400).map { "key number \($0)" }

  /// Runs `read` on many threads, again and again, while `write` runs on one.
  private func race(
    read: @escaping @Sendable (_ thread: Int, _ round: Int) -> Void,
    while write: @escaping @Sendable () -> Void
  ) async {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        let isDone = TestSignal()
        let started = DispatchSemaphore(value: 0)
        let ended = DispatchSemaphore(value: 0)
        for thread in 0..<Self.readers {
          Thread.detachNewThread {
            started.signal()
            var round = thread
            while !isDone.isSent {
              read(thread, round)
              round += 1
            }
            ended.signal()
          }
        }
        for _ in 0..<Self.readers { started.wait() }
        write()
        isDone.send()
        for _ in 0..<Self.readers { ended.wait() }
        continuation.resume()
      }
    }
  }

  @Test(
    "Readers see whole values that are not freed, while keys are put, replaced, removed, and the table grows")
  func values() async {
    let census = Counted.Census()
    do {
      let table = Table<Counted>()
      let problems = Atomic<Int>(0)
      let prepared = Self.keys.map { PreparedKey($0) }
      await race { _, round in
        let index = round * 7 % Self.keys.count
        func check(_ value: Counted?) {
          guard let value else { return }
          // A number says which key it was put under.
          if !value.isAlive || value.number % Self.keys.count != index {
            problems.wrappingAdd(1, ordering: .relaxed)
          }
        }
        switch round % 5 {
        case 0: check(table.value(forKey: Self.keys[index]))
        case 1: check(table.value(forKey: prepared[index]))
        case 2: table.withValue(forKey: Self.keys[index]) { check($0) }
        case 3: table.withValue(forKey: prepared[index]) { check($0) }
        default: check(table.entry(forKey: Key(Self.keys[index]))?.value)
        }
      } while: {
        var writer = Table<Counted>.Writer(table)
        for round in 0..<40_000 {
          let index = round * 31 % Self.keys.count
          let key = Key(Self.keys[index])
          switch round % 11 {
          case 3:
            writer.commit(.tombstone(), forKey: key)
          case 7:
            writer.remove(forKey: key)
          default:
            writer.commit(.value(census.new(index + round * Self.keys.count)), forKey: key)
          }
          // Other keys, so that the table grows all the while.
          writer.commit(.value(census.new()), forKey: Key("more \(round % 20_000)"))
          if round.isMultiple(of: 100) { table.freeUnreachable() }
        }
      }
      #expect(problems.load(ordering: .relaxed) == 0)
      table.freeUnreachable()
      #expect(census.alive < 25_000, "most of what was replaced is freed while readers go on")
    }
    await eventually("all values are freed with the table") { census.alive == 0 }
  }

  @Test("P4: snapshots see all of a batch or none of it, however they are read, while batches come")
  func batches() async {
    let census = Counted.Census()
    do {
      let table = Table<Counted>()
      let problems = Atomic<Int>(0)
      let keys = Self.keys.map { Key($0) }
      await race { thread, _ in
        let snapshot = table.snapshot()
        let numbers: [Int?] =
          if thread.isMultiple(of: 2) {
            keys.prefix(20).map { snapshot[$0]?.value?.number }
          } else {
            snapshot.map { $0.value.value?.number }
          }
        // Every batch writes its number under all keys, or removes or deletes all.
        let first = numbers.first ?? nil
        if numbers.contains(where: { $0 != first })
          || ![0, keys.count, min(20, keys.count)].contains(numbers.count)
        {
          problems.wrappingAdd(1, ordering: .relaxed)
        }
      } while: {
        var writer = Table<Counted>.Writer(table)
        for round in 0..<150 {
          if round % 9 == 5 {
            writer.commit(Dictionary(uniqueKeysWithValues: keys.map { ($0, .tombstone()) }))
          } else {
            writer.commit(Dictionary(uniqueKeysWithValues: keys.map { ($0, .value(census.new(round))) }))
          }
          table.freeUnreachable()
        }
      }
      #expect(problems.load(ordering: .relaxed) == 0)
    }
    await eventually("all values are freed with the table") { census.alive == 0 }
  }

  @Test("Snapshots taken and dropped by many threads keep what they see, and no more")
  func snapshots() async {
    let census = Counted.Census()
    let table = Table<Counted>()
    let problems = Atomic<Int>(0)
    await race { _, round in
      let snapshot = table.snapshot()
      let index = round % Self.keys.count
      let before = snapshot[Key(Self.keys[index])]?.value
      for _ in 0..<5 { _ = table.value(forKey: Self.keys[(round * 3) % Self.keys.count]) }
      let after = snapshot[Key(Self.keys[index])]?.value
      if before !== after || before?.isAlive == false { problems.wrappingAdd(1, ordering: .relaxed) }
    } while: {
      var writer = Table<Counted>.Writer(table)
      for round in 0..<30_000 {
        let key = Key(Self.keys[round % Self.keys.count])
        if round % 5 == 2 {
          writer.remove(forKey: key)
        } else {
          writer.commit(.value(census.new(round)), forKey: key)
        }
        table.freeUnreachable()
      }
      // Until what the readers still hold is all there is beside the present entries.
      for _ in 0..<1_000 {
        _ = writer.tidy()
        table.freeUnreachable()
      }
    }
    #expect(problems.load(ordering: .relaxed) == 0)
    #expect(census.alive < 10_000, "of \(census.all)")
  }

  @Test("Readers go on while the writer ends and the store is closed")
  func closing() async throws {
    let (a, b) = try await MemoryNetwork().pods(of: Int.self)
    let stores = [a.store, b.store]
    let problems = Atomic<Int>(0)
    await race { thread, round in
      let store = stores[thread % 2]
      if let value = store[Self.keys[round % 10]], value < 0 { problems.wrappingAdd(1, ordering: .relaxed) }
    } while: {
      for round in 0..<3_000 { _ = try? a.store.set(Self.keys[round % 10], to: round) }
      let done = DispatchSemaphore(value: 0)
      Task.detached {
        // However long that takes while readers keep every core busy; closing has a time limit.
        try? await a.store.flush()
        try? await a.store.close()
        try? await b.store.close()
        done.signal()
      }
      done.wait()
    }
    #expect(problems.load(ordering: .relaxed) == 0)
    for store in stores { #expect(store[Self.keys[9]] == 2_999) }
  }

  @Test("A body that reads may write to the store, and read again, while others do the same")
  func writingReaders() async throws {
    let a: Pod<[Int]> = try await MemoryNetwork().pod("a", isFirst: true)
    let store = a.store
    try store.set("k", to: [0])
    let count = 1_000
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<count {
            store.withValue(forKey: "k") { outer in
              _ = try? store.set("k", to: [(outer.first ?? 0) + 1])
              store.withValue(forKey: "k") { inner in
                if let first = inner.first, first < 1 { Issue.record("read \(first) after a write") }
              }
              // What was lent is what it was, though it was replaced.
              if outer.count != 1 { Issue.record("\(outer)") }
            }
          }
        }
      }
    }
    #expect(store.statistics.localWrites == 1 + 4 * UInt64(count))
    #expect(store.statistics.reads == 8 * UInt64(count))
  }
}

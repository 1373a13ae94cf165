import PodShare
import PodShareTestKit
import Testing

/// Run under ThreadSanitizer with `--filter Concurrency`.
@Suite("Concurrency: watch", .serialized, .timeLimit(.minutes(2)))
struct WatchConcurrencyTests {
  @Test("P5: the first state and what comes after it fit together: each value once, none missing")
  func seam() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    let keys = 4
    let rounds = 500
    try await withThrowingTaskGroup(of: Void.self) { group in
      for key in 0..<keys {
        group.addTask {
          for value in 1...rounds {
            try a.store.set("\(key)", to: value)
            if value.isMultiple(of: 10) { await Task.yield() }
          }
        }
      }
      for _ in 0..<10 {
        group.addTask {
          await Task.yield()
          let watch = a.store.watch(from: .present, buffering: .bounded(100_000))
          var last: [String: Int] = [:]
          var finished = 0
          for try await event in watch {
            let value = event.change.value ?? 0
            // A key's first event may have any value; from then on it goes up by one.
            if let previous = last[event.key] { #expect(value == previous + 1, "key \(event.key)") }
            last[event.key] = value
            if value == rounds { finished += 1 }
            if finished == keys { break }
          }
          #expect(last.count == keys)
        }
      }
      try await group.waitForAll()
    }
    #expect(a.store.statistics.watchers == 0)
  }

  @Test("Watchers that come and go during a flood")
  func comingAndGoing() async throws {
    let (a, b) = try await MemoryNetwork().pods(of: Int.self)
    let isDone = TestSignal()
    let steady = b.store.watch(.key("k"), buffering: .newestPerKey)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        var round = 0
        while !isDone.isSent {
          round += 1
          try a.store.set("k", to: round)
          try a.store.set("\(round % 10)", to: round)
          await Task.yield()
        }
      }
      await withTaskGroup(of: Void.self) { watchers in
        for task in 0..<3 {
          watchers.addTask {
            for round in 0..<60 {
              let scope: WatchScope = [.all, .key("k"), .prefix("1"), .matching { $0 == "k" }][
                (task + round) % 4]
              let watch = b.store.watch(scope, from: round.isMultiple(of: 2) ? .present : .now)
              if round.isMultiple(of: 3) { continue }
              let consumer = Task {
                do {
                  for try await _ in watch { break }
                } catch {
                  #expect((error as? StoreError)?.code == .fellBehind)
                }
              }
              if round.isMultiple(of: 5) { consumer.cancel() }
              await consumer.value
            }
          }
        }
      }
      isDone.send()
      try await group.waitForAll()
    }
    #expect(b.store.statistics.watchers == 1)
    let last = a.store["k"]
    try await a.store.flush()
    try await b.store.close()
    var seen: Int?
    for try await event in steady { seen = event.change.value }
    #expect(seen == last)
  }

  @Test("Waiting consumers against cancellation and close: each ends")
  func ends() async throws {
    for round in 0..<50 {
      let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
      let consumers = (0..<4).map { index in
        let watch = a.store.watch(index.isMultiple(of: 2) ? .all : .key("k"))
        return Task {
          var count = 0
          for try await _ in watch { count += 1 }
          return count
        }
      }
      try a.store.set("k", to: round)
      consumers[0].cancel()
      try await a.store.close()
      #expect(try await consumers[0].value <= 1)
      for consumer in consumers.dropFirst() { #expect(try await consumer.value == 1) }
    }
  }
}

import Foundation
import PodShare
import PodShareTestKit
import Testing

/// Run under ThreadSanitizer with `--filter Concurrency`.
@Suite("Concurrency: store", .serialized, .timeLimit(.minutes(2)))
struct StoreConcurrencyTests {
  private static let tasks = 4

  @Test("Many tasks writing one key: watchers and peers end on what the table holds")
  func oneKey() async throws {
    let (a, b) = try await MemoryNetwork().pods(of: Int.self)
    let watches = [a, b].map { $0.store.watch(buffering: .newestPerKey) }
    let everything = a.store.watch(buffering: .bounded(100_000))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<Self.tasks {
        let store = (task.isMultiple(of: 2) ? a : b).store
        group.addTask {
          for round in 0..<1_000 {
            if round % 7 == 3 {
              try store.delete("k")
            } else {
              try store.set("k", to: task * 1_000_000 + round)
            }
            if round % 100 == 0 { await Task.yield() }
          }
        }
      }
      try await group.waitForAll()
    }
    try await a.store.flush()
    try await b.store.flush()
    #expect(a.store["k"] == b.store["k"])
    let last = a.store["k"]
    try await a.store.close()
    try await b.store.close()
    for watch in watches {
      var seen: Int?
      for try await event in watch { seen = event.change.value }
      #expect(seen == last)
    }
    // In the order applied: versions only ever grow.
    var previous: Version?
    var seen: Int?
    for try await event in everything {
      if let previous { #expect(event.version > previous) }
      previous = event.version
      seen = event.change.value
    }
    #expect(seen == last)
  }

  @Test("P4: readers see all of a batch or none of it, here and on the other pod")
  func batches() async throws {
    let (a, b) = try await MemoryNetwork().pods(of: Int.self)
    try a.store.setMany(["x": 0, "y": 0, "z": 0])
    let isDone = TestSignal()
    try await withThrowingTaskGroup(of: Int.self) { group in
      for pod in [a, b] {
        group.addTask {
          var torn = 0
          var rounds = 0
          while !isDone.isSent || rounds < 100 {
            rounds += 1
            let snapshot = pod.store.snapshot()
            if Set([snapshot["x"], snapshot["y"], snapshot["z"]]).count > 1 { torn += 1 }
            if pod.store.read({ $0["x"] != $0["z"] }) { torn += 1 }
            // Either the three, or none of them.
            if ![0, 3].contains(pod.store.keys.count) { torn += 1 }
            await Task.yield()
          }
          return torn
        }
      }
      group.addTask {
        for round in 1...1_500 {
          if round.isMultiple(of: 10) {
            try a.store.deleteMany(["x", "y", "z"])
          } else {
            try a.store.setMany(["x": round, "y": round, "z": round])
          }
          if round.isMultiple(of: 20) { await Task.yield() }
        }
        isDone.send()
        return 0
      }
      for try await torn in group { #expect(torn == 0) }
    }
    // Another thread may still be handing over what the writer had left to it.
    try await a.store.flush()
    #expect(a.store.contents == b.store.contents)
  }

  @Test("Readers and writers against close: what returned without an error is there, the rest throws closed")
  func close() async throws {
    for _ in 0..<5 {
      let (a, b) = try await MemoryNetwork().pods(of: Int.self)
      let isWriting = TestSignal()
      let written = try await withThrowingTaskGroup(of: Int.self) { group in
        for task in 0..<3 {
          group.addTask {
            for round in 0..<10_000 {
              if let code = StoreError.code(of: { try a.store.set("\(task)", to: round) }) {
                #expect(code == .closed)
                return round
              }
              if round == 10 { isWriting.send() }
              if round.isMultiple(of: 20) { await Task.yield() }
              _ = a.store["0"]
            }
            return 10_000
          }
        }
        group.addTask {
          await isWriting.wait()
          try await a.store.close()
          return 0
        }
        return try await group.reduce(0, +)
      }
      #expect(a.store.statistics.localWrites == UInt64(written))
      #expect(a.store.contents == b.store.contents)
    }
  }

  @Test("trySet is atomic on its pod: of all who count up, none overwrites another")
  func trySet() async throws {
    let (a, b) = try await MemoryNetwork().pods(of: Int.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<Self.tasks {
        group.addTask {
          var successes = 0
          while successes < 200 {
            let version = a.store.version(of: "k")
            let value = a.store["k"] ?? 0
            // The version was read first: if it still holds, so does the value.
            if try a.store.trySet("k", to: value + 1, ifVersion: version) != nil { successes += 1 }
          }
        }
      }
      try await group.waitForAll()
    }
    try await a.store.flush()
    #expect(a.store["k"] == Self.tasks * 200)
    #expect(b.store["k"] == Self.tasks * 200)
  }

  @Test("Pods that join during a flood end on what the others hold")
  func joins() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    try a.store.setMany((0..<500).map { ("\($0)", -1) })
    let isDone = TestSignal()
    let flood = Task {
      var round = 0
      while !isDone.isSent {
        round += 1
        try a.store.set("\(round % 500)", to: round)
        if round.isMultiple(of: 3) { try a.store.delete("\(round * 7 % 500)") }
        await Task.yield()
      }
    }
    var joiners: [Pod<Int>] = []
    for index in 0..<5 { joiners.append(try await network.pod("joiner \(index)")) }
    isDone.send()
    try await flood.value
    try await a.store.flush()
    for joiner in joiners {
      await eventually("\(joiner.store.nodeID) holds the same") { joiner.store.contents == a.store.contents }
    }
  }

  @Test("Links that come and go during a flood lose nothing")
  func links() async throws {
    let (a, b) = try await MemoryNetwork().pods(of: Int.self) { $0.syncInterval = .milliseconds(50) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (offset, pod) in [a, b].enumerated() {
        group.addTask {
          for round in 0..<1_000 {
            try pod.store.set("\(round % 50)", to: round * 2 + offset)
            if round.isMultiple(of: 10) { await Task.yield() }
          }
        }
      }
      group.addTask {
        for _ in 0..<20 {
          a.transport.disconnect()
          await Task.yield()
          a.transport.connect()
          await Task.yield()
        }
      }
      try await group.waitForAll()
    }
    await eventually("both hold the same") { a.store.contents == b.store.contents }
  }

  @Test("A store dropped during a flood is gone for good")
  func dropping() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    let isDone = TestSignal()
    let flood = Task {
      var round = 0
      while !isDone.isSent {
        round += 1
        try a.store.set("k", to: round)
        await Task.yield()
      }
    }
    for _ in 0..<20 {
      let transport = StubbornTransport(on: network)
      do {
        let store = try await Store<Int>.join("topic", over: transport)
        _ = store["k"]
      }
      #expect(transport.subscriptions == 0)
    }
    isDone.send()
    try await flood.value
  }

  @Test("flush returns under a flood of other writes")
  func flushUnderFlood() async throws {
    let (a, b) = try await MemoryNetwork().pods(of: Int.self)
    let isDone = TestSignal()
    let hasEnded = TestSignal()
    // A thread of its own: it never lets go of one, and the tasks' threads are few.
    Thread.detachNewThread {
      var value = 0
      while !isDone.isSent {
        value += 1
        _ = try? a.store.set("flood", to: value)
      }
      hasEnded.send()
    }
    for value in 0..<3 {
      try a.store.set("k", to: value)
      try await a.store.flush()
      #expect(b.store["k"] == value)
    }
    isDone.send()
    await hasEnded.wait()
  }

  @Test("flush and refresh from many tasks at once all return")
  func flushes() async throws {
    let (a, b) = try await MemoryNetwork().pods(of: Int.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask {
          for round in 0..<30 {
            try a.store.set("\(task)", to: round)
            try await a.store.flush()
            #expect(b.store["\(task)"] == round)
            if round.isMultiple(of: 10) { try await b.store.refresh() }
          }
        }
      }
      try await group.waitForAll()
    }
  }
}

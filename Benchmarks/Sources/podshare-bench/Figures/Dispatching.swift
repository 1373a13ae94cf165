import PodShare

enum Dispatching {
  private static let sizes = [0, 1, 10, 100]

  static let floods = Experiment(
    figures: sizes.map {
      Figure(
        name: "dispatch_\($0)", unit: "ns/op",
        about: "One set fanned out to \($0) watchers whose consumers are live, while the writer floods.")
    }, rounds: 11
  ) { rounds in
    var bodies: [(name: String, body: @Sendable () async throws -> Double)] = []
    var crowds: [WatcherCrowd] = []
    for size in sizes where rounds.includes("dispatch_\(size)") {
      let store = try await Stores.joined(of: Int.self)
      crowds.append(WatcherCrowd(of: size, on: store))
      let sets = size == 100 ? 2_000 : 5_000
      bodies.append(
        (
          "dispatch_\(size)",
          {
            try nanoseconds(for: sets) { for number in 0..<sets { try store.set("k", to: number) } }
          }
        ))
    }
    defer { for crowd in crowds { crowd.disperse() } }
    return try await rounds(bodies)
  }

  static let asleep = Experiment(
    figures: [
      Figure(
        name: "dispatch_asleep_100", unit: "us",
        about: "One set fanned out to 100 watchers, all of them asleep.",
        baselines: ["task_wake"]),
      Figure(name: "task_wake", unit: "us", about: "From resuming a task that sleeps to its going on."),
    ], rounds: 101
  ) { rounds in
    let store = try await Stores.joined(of: Int.self)
    let crowd = WatcherCrowd(of: 100, on: store)
    defer { crowd.disperse() }
    return try await rounds([
      (
        "dispatch_asleep_100",
        {
          try await Task.sleep(for: .milliseconds(3))
          let start = ContinuousClock.now
          try store.set("k", to: 1)
          return (ContinuousClock.now - start).microseconds
        }
      ),
      (
        "task_wake",
        {
          let (stream, continuation) = AsyncStream.makeStream(of: ContinuousClock.Instant.self)
          let sleeper = Task.detached { () -> Double in
            for await start in stream { return (ContinuousClock.now - start).microseconds }
            return .nan
          }
          try await Task.sleep(for: .milliseconds(3))
          continuation.yield(.now)
          return await sleeper.value
        }
      ),
    ])
  }
}

/// Watchers that take every event as soon as they can.
private struct WatcherCrowd {
  private let tasks: [Task<Void, any Error>]

  init(of size: Int, on store: Store<Int>) {
    tasks = (0..<size).map { _ in
      let watch = store.watch(buffering: .newestPerKey)
      return Task.detached { for try await event in watch { consume(event.change.value ?? 0) } }
    }
  }

  func disperse() {
    for task in tasks { task.cancel() }
  }
}

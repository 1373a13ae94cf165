import PodShare

enum Propagation {
  static let awake = Experiment(
    figures: [
      Figure(
        name: "memory_propagation_p50", unit: "us",
        about: "From a set on one pod to the event on another, consumer awake."),
      Figure(
        name: "memory_propagation_p99", unit: "us", about: "The same, of a hundred the slowest but one."),
    ], rounds: 21
  ) { rounds in
    let (a, b) = try await pair(of: Int.self)
    let count = 2_000
    // Both come from the same sets.
    let p50 = Quantiles()
    let p99 = Quantiles()
    for round in 0...rounds.count {
      let latencies = try await Task.detached { try await Latencies.ofSets(from: a, to: b, count: count) }
        .value
      guard round > 0 else { continue }
      p50.samples.append(latencies.percentile(50))
      p99.samples.append(latencies.percentile(99))
    }
    return [("memory_propagation_p50", p50), ("memory_propagation_p99", p99)]
      .filter { rounds.includes($0.0) }
      .reduce(into: [:]) { $0[$1.0] = $1.1.samples }
  }

  private final class Quantiles {
    var samples = Samples()
  }

  static let asleep = Experiment(
    figures: [
      Figure(
        name: "memory_propagation_asleep_p50", unit: "us",
        about:
          "From a set on one pod to the event on another, whose consumer sleeps; compare with task_wake.",
        baselines: ["memory_propagation_asleep_warm_p50", "set_after_sleep"]),
      Figure(
        name: "memory_propagation_asleep_warm_p50", unit: "us",
        about: "The same just after other pods have written, with what runs in the processor's caches."),
      Figure(
        name: "set_after_sleep", unit: "us",
        about: "A set that another pod applies, where nobody watches, after 3 ms in which nothing ran."),
    ], rounds: 101
  ) { rounds in
    let (a, b) = try await pair(of: Int.self)
    let (other, another) = try await pair(of: Int.self)
    let samples = try await rounds([
      (
        "memory_propagation_asleep_p50",
        { try await wakeUp(b, bySetting: a) {} }
      ),
      (
        "memory_propagation_asleep_warm_p50",
        {
          try await wakeUp(b, bySetting: a) {
            for number in 0..<50 { try other.set("k", to: number) }
          }
        }
      ),
      (
        "set_after_sleep",
        {
          try await Task.sleep(for: .milliseconds(3))
          let start = ContinuousClock.now
          try other.set("k", to: 1)
          return (ContinuousClock.now - start).microseconds
        }
      ),
    ])
    // Until here, so that somebody applies what is set.
    try await another.close()
    return samples
  }

  /// Microseconds from a set on one pod to the event on another, whose consumer sleeps.
  private static func wakeUp(
    _ b: Store<Int>, bySetting a: Store<Int>, after prepare: () throws -> Void
  ) async throws -> Double {
    let watch = b.watch()
    let sleeper = Task.detached { () -> ContinuousClock.Instant in
      for try await _ in watch { return .now }
      return .now
    }
    try await Task.sleep(for: .milliseconds(3))
    try prepare()
    let start = ContinuousClock.now
    try a.set("k", to: 1)
    return (try await sleeper.value - start).microseconds
  }

  static let throughput = Experiment(
    figures: [
      Figure(
        name: "memory_throughput", unit: "msgs/s",
        about: "200,000 sets of the struct over 1,000 keys, until another pod has applied all of them.")
    ], rounds: 5
  ) { rounds in
    let keys = Keys.shuffled(1_000)
    let values = keys.indices.map { Limits($0) }
    return try await rounds([
      (
        "memory_throughput",
        {
          let (a, b) = try await pair(of: Limits.self)
          let start = ContinuousClock.now
          for _ in 0..<200 { for (key, value) in zip(keys, values) { try a.set(key, to: value) } }
          while b.statistics.appliedWrites < 200_000 { await Task.yield() }
          return 200_000 * 1e9 / (ContinuousClock.now - start).nanoseconds
        }
      )
    ])
  }

  private static func pair<Value: Codable>(of type: Value.Type) async throws -> (Store<Value>, Store<Value>) {
    let network = MemoryNetwork()
    return (try await Stores.joined(of: type, on: network), try await Stores.joined(of: type, on: network))
  }
}

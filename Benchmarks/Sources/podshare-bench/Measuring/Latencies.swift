import PodShare

/// How long it takes from a set on one pod to the event on another, in microseconds.
enum Latencies {
  /// Between plain tasks.
  static func ofSets(from a: Store<Int>, to b: Store<Int>, count: Int) async throws -> Samples {
    var events = b.watch().makeAsyncIterator()
    var latencies = Samples()
    for number in 0..<count {
      let start = ContinuousClock.now
      try a.set("k", to: number)
      _ = try await events.next()
      latencies.append((ContinuousClock.now - start).microseconds)
    }
    return latencies
  }

  /// Between tasks on their pods' event loops. The setting task is told by another channel when to go on, which is not part
  /// of what is measured.
  static func ofSetsOnLoops(
    from a: Store<Int>, _ executorA: any TaskExecutor, to b: Store<Int>, _ executorB: any TaskExecutor,
    count: Int
  ) async throws -> Samples {
    let (arrivals, continuation) = AsyncStream<ContinuousClock.Instant>.makeStream()
    let watch = b.watch()
    let watcher = Task(executorPreference: executorB) {
      for try await _ in watch { continuation.yield(.now) }
    }
    let setter = Task(executorPreference: executorA) {
      var latencies = Samples()
      var arrivals = arrivals.makeAsyncIterator()
      for number in 0..<count {
        let start = ContinuousClock.now
        try a.set("k", to: number)
        guard let arrival = await arrivals.next() else { break }
        latencies.append((arrival - start).microseconds)
      }
      return latencies
    }
    defer { watcher.cancel() }
    return try await setter.value
  }

  /// Messages a second: 200,000 sets of the struct over 1,000 keys, until another pod has applied all.
  static func throughput(from a: Store<Limits>, to b: Store<Limits>) async throws -> Double {
    let keys = Keys.shuffled(1_000)
    let values = keys.indices.map { Limits($0) }
    let start = ContinuousClock.now
    for _ in 0..<199 { for (key, value) in zip(keys, values) { try a.set(key, to: value) } }
    // The last round has values of its own, by which one sees that it has come.
    let last = keys.enumerated().map { ($1, Limits($0 + 1_000_000)) }
    for (key, value) in last { try a.set(key, to: value) }
    try await Stores.wait(for: b, toHold: last)
    return 200_000 * 1e9 / (ContinuousClock.now - start).nanoseconds
  }
}

/// Something that was to be measured did not come about.
struct Unfinished: Error, CustomStringConvertible {
  let what: String

  var description: String { what }
}

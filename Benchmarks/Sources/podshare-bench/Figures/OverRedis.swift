import PodShare
import PodShareRedis

/// Over a Redis server that is started for it; left out where there is none.
enum OverRedis {
  static var experiments: [Experiment] {
    RedisProcess.executable == nil ? [] : [propagation, onLoop, throughput, joining, flushing]
  }

  private static let propagation = Experiment(
    figures: [
      Figure(
        name: "redis_echo_p50", unit: "us",
        about: "A bare PUBLISH over SwiftNIO through Redis, from a task to a task that waits for the message."
      ),
      Figure(
        name: "redis_propagation_p50", unit: "us",
        about: "From a set on one pod to the event on another, over Redis on loopback.",
        baselines: ["redis_echo_p50"]),
      Figure(
        name: "redis_propagation_p99", unit: "us", about: "The same, of a hundred the slowest but one.",
        baselines: ["redis_echo_p50"]),
    ], rounds: 11
  ) { rounds in
    let server = try await RedisProcess()
    defer { server.stop() }
    let pair = try await RedisPair<Int>(at: server)
    let bare = try await BareRedis(at: server.address)
    var samples: [String: Samples] = [:]
    // Both quantiles come from the same sets, which take turns with the bare messages.
    for round in 0...rounds.count {
      let echo = try await Task.detached { try await bare.latencies(1_000) }.value
      let redis = try await Task.detached {
        try await Latencies.ofSets(from: pair.a, to: pair.b, count: 1_000)
      }.value
      guard round > 0 else { continue }
      samples["redis_echo_p50", default: Samples()].append(echo.percentile(50))
      samples["redis_propagation_p50", default: Samples()].append(redis.percentile(50))
      samples["redis_propagation_p99", default: Samples()].append(redis.percentile(99))
    }
    try await pair.close()
    try await bare.close()
    return samples.filter { rounds.includes($0.key) }
  }

  private static let onLoop = Experiment(
    figures: [
      Figure(
        name: "redis_propagation_on_loop_p50", unit: "us",
        about: "The same with both tasks on the event loops of their pods' transports.")
    ], rounds: 11
  ) { rounds in
    let server = try await RedisProcess()
    defer { server.stop() }
    let pair = try await RedisPair<Int>(at: server)
    let executors = pair.transports.compactMap(\.taskExecutor)
    let samples = try await rounds([
      (
        "redis_propagation_on_loop_p50",
        {
          try await Latencies.ofSetsOnLoops(
            from: pair.a, executors[0], to: pair.b, executors[1], count: 1_000
          ).percentile(50)
        }
      )
    ])
    try await pair.close()
    return samples
  }

  private static let throughput = Experiment(
    figures: [
      Figure(
        name: "redis_throughput", unit: "msgs/s",
        about: "200,000 sets of the struct over 1,000 keys, until another pod has applied all, over Redis.")
    ], rounds: 5
  ) { rounds in
    let server = try await RedisProcess()
    defer { server.stop() }
    return try await rounds([
      (
        "redis_throughput",
        {
          let pair = try await RedisPair<Limits>(at: server)
          let rate = try await Latencies.throughput(from: pair.a, to: pair.b)
          try await pair.close()
          return rate
        }
      )
    ])
  }

  private static let joining = Experiment(
    figures: [
      Figure(
        name: "join_100k_redis", unit: "ms",
        about:
          "A new pod until it holds all 100,000 keys that are kept and that another pod holds, over Redis.")
    ], rounds: 5
  ) { rounds in
    let server = try await RedisProcess()
    defer { server.stop() }
    let (transport, store) = try await RedisPair<Limits>.pod(at: server)
    for (number, key) in Keys.shuffled(100_000).enumerated() { try store.set(key, to: Limits(number)) }
    try await store.flush()
    // The first time what is kept is gone through, it is written beside it what was seen.
    try await Task.sleep(for: .seconds(3))
    let samples = try await rounds([
      (
        "join_100k_redis",
        {
          let start = ContinuousClock.now
          let (joinerTransport, joiner) = try await RedisPair<Limits>.pod(at: server)
          let time = (ContinuousClock.now - start).microseconds / 1e3
          guard joiner.statistics.keys == 100_000, joiner.isCaughtUp else {
            throw Unfinished(what: "the joiner holds \(joiner.statistics.keys) keys")
          }
          try await joiner.close()
          try await joinerTransport.close()
          return time
        }
      )
    ])
    try await store.close()
    try await transport.close()
    return samples
  }

  private static let flushing = Experiment(
    figures: [
      Figure(
        name: "flush_after_one_write_100k_redis", unit: "ms CPU",
        about:
          "Processor time of a set and a flush in a store of 100,000 keys that are kept in Redis; without the server's."
      )
    ], rounds: 101
  ) { rounds in
    let server = try await RedisProcess()
    defer { server.stop() }
    let (transport, store) = try await RedisPair<Limits>.pod(at: server)
    let keys = Keys.shuffled(100_000)
    for (number, key) in keys.enumerated() { try store.set(key, to: Limits(number)) }
    try await store.flush()
    try await Task.sleep(for: .seconds(3))
    let samples = try await rounds([
      (
        "flush_after_one_write_100k_redis",
        {
          let start = ProcessorTime.ofProcess
          try store.set(keys[0], to: Limits(1))
          try await store.flush()
          return (ProcessorTime.ofProcess - start) * 1e3
        }
      )
    ])
    try await store.close()
    try await transport.close()
    return samples
  }
}

import NIOCore
import PodShare
import PodShareP2P

enum Mesh {
  static let propagation = Experiment(
    figures: [
      Figure(
        name: "nio_echo_p50", unit: "us",
        about: "A bare SwiftNIO frame over loopback, from a task to a task that waits for it."),
      Figure(
        name: "p2p_message_p50", unit: "us",
        about: "A bare message over the mesh, from publish to a task that waits for it; no store.",
        baselines: ["nio_echo_p50"]),
      Figure(
        name: "p2p_propagation_p50", unit: "us",
        about: "From a set on one pod to the event on another, over the mesh on loopback.",
        baselines: ["nio_echo_p50"]),
      Figure(
        name: "p2p_propagation_p99", unit: "us", about: "The same, of a hundred the slowest but one.",
        baselines: ["nio_echo_p50"]),
    ], rounds: 11
  ) { rounds in
    let link = try await BareLink()
    let pair = try await MeshPair.linked(of: Int.self)
    let (a, b) = (pair.a, pair.b)
    var samples: [String: Samples] = [:]
    // Both quantiles come from the same sets, which take turns with the bare frames.
    for round in 0...rounds.count {
      let bare = try await Task.detached { try await link.latencies(1_000) }.value
      let message = try await Task.detached {
        try await Self.messageLatencies(over: pair.transports, count: 1_000)
      }.value
      let mesh = try await Task.detached {
        var events = b.watch().makeAsyncIterator()
        var latencies = Samples()
        for number in 0..<1_000 {
          let start = ContinuousClock.now
          try a.set("k", to: number)
          _ = try await events.next()
          latencies.append((ContinuousClock.now - start).microseconds)
        }
        return latencies
      }.value
      guard round > 0 else { continue }
      samples["nio_echo_p50", default: Samples()].append(bare.percentile(50))
      samples["p2p_message_p50", default: Samples()].append(message.percentile(50))
      samples["p2p_propagation_p50", default: Samples()].append(mesh.percentile(50))
      samples["p2p_propagation_p99", default: Samples()].append(mesh.percentile(99))
    }
    try await pair.close()
    try await link.close()
    return samples.filter { rounds.includes($0.key) }
  }

  private static func messageLatencies(over transports: [P2PTransport], count: Int) async throws -> Samples {
    let (arrivals, continuation) = AsyncStream<Void>.makeStream()
    let subscription = try await transports[1].subscribe(to: "messages") { _ in continuation.yield() }
    var iterator = arrivals.makeAsyncIterator()
    let message = ByteBuffer(repeating: 0x2a, count: 57)
    var latencies = Samples()
    for _ in 0..<count {
      let start = ContinuousClock.now
      _ = transports[0].publish(message, to: "messages")
      await iterator.next()
      latencies.append((ContinuousClock.now - start).microseconds)
    }
    subscription.cancel()
    return latencies
  }

  static let onLoop = Experiment(
    figures: [
      Figure(
        name: "p2p_propagation_on_loop_p50", unit: "us",
        about: "The same with both tasks on the event loops of their pods' transports.")
    ], rounds: 11
  ) { rounds in
    let pair = try await MeshPair.linked(of: Int.self)
    let samples = try await rounds([
      (
        "p2p_propagation_on_loop_p50",
        { try await Self.latenciesOnLoops(of: pair, count: 1_000).percentile(50) }
      )
    ])
    try await pair.close()
    return samples
  }

  /// The setting task is told by another channel when to go on, which is not part of what is measured.
  private static func latenciesOnLoops(of pair: MeshPair<Int>, count: Int) async throws -> Samples {
    let (arrivals, continuation) = AsyncStream<ContinuousClock.Instant>.makeStream()
    let watch = pair.b.watch()
    let watcher = Task(executorPreference: pair.transports[1].taskExecutor) {
      for try await _ in watch { continuation.yield(.now) }
    }
    let setter = Task(executorPreference: pair.transports[0].taskExecutor) {
      var latencies = Samples()
      var arrivals = arrivals.makeAsyncIterator()
      for number in 0..<count {
        let start = ContinuousClock.now
        try pair.a.set("k", to: number)
        guard let arrival = await arrivals.next() else { break }
        latencies.append((arrival - start).microseconds)
      }
      return latencies
    }
    defer { watcher.cancel() }
    return try await setter.value
  }

  static let throughput = Experiment(
    figures: [
      Figure(
        name: "p2p_throughput", unit: "msgs/s",
        about: "200,000 sets of the struct over 1,000 keys, until another pod has applied all, over the mesh."
      )
    ], rounds: 5
  ) { rounds in
    let keys = Keys.shuffled(1_000)
    let values = keys.indices.map { Limits($0) }
    return try await rounds([
      (
        "p2p_throughput",
        {
          let pair = try await MeshPair.linked(of: Limits.self)
          let start = ContinuousClock.now
          for _ in 0..<199 { for (key, value) in zip(keys, values) { try pair.a.set(key, to: value) } }
          // The last round has values of its own, by which one sees that it has come.
          let last = keys.enumerated().map { ($1, Limits($0 + 1_000_000)) }
          for (key, value) in last { try pair.a.set(key, to: value) }
          try await Stores.wait(for: pair.b, toHold: last)
          let rate = 200_000 * 1e9 / (ContinuousClock.now - start).nanoseconds
          try await pair.close()
          return rate
        }
      )
    ])
  }

  static let joining = Experiment(
    figures: [
      Figure(
        name: "join_100k_p2p", unit: "ms",
        about: "A new pod until it holds all of another's 100,000 keys, over the mesh.")
    ], rounds: 5
  ) { rounds in
    let (transport, store) = try await MeshPair<Limits>.pod(of: Limits.self, peers: [])
    for (number, key) in Keys.shuffled(100_000).enumerated() { try store.set(key, to: Limits(number)) }
    let address = [transport.listenAddress].compactMap { $0 }
    let samples = try await rounds([
      (
        "join_100k_p2p",
        {
          let start = ContinuousClock.now
          let (joinerTransport, joiner) = try await MeshPair<Limits>.pod(of: Limits.self, peers: address)
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

  private struct Unfinished: Error {
    let what: String
  }
}

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
      let mesh = try await Task.detached { try await Latencies.ofSets(from: a, to: b, count: 1_000) }.value
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
        {
          let executors = pair.transports.map(\.taskExecutor)
          return try await Latencies.ofSetsOnLoops(
            from: pair.a, executors[0], to: pair.b, executors[1], count: 1_000
          ).percentile(50)
        }
      )
    ])
    try await pair.close()
    return samples
  }

  static let throughput = Experiment(
    figures: [
      Figure(
        name: "p2p_throughput", unit: "msgs/s",
        about: "200,000 sets of the struct over 1,000 keys, until another pod has applied all, over the mesh."
      )
    ], rounds: 5
  ) { rounds in
    try await rounds([
      (
        "p2p_throughput",
        {
          let pair = try await MeshPair.linked(of: Limits.self)
          let rate = try await Latencies.throughput(from: pair.a, to: pair.b)
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
}

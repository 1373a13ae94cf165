import NIOCore
import NIOPosix
import PodShare
import PodShareP2P

/// What a write costs as the mesh grows, as a table in Markdown.
enum MeshTable {
  private static let writes = 20_000

  static func write(_ line: (String) -> Void) async throws {
    line("| Pods | `set`, ns | CPU of all pods for a write, µs | CPU of each pod for a write, µs |")
    line("| ---: | ---: | ---: | ---: |")
    for pods in [2, 3, 5, 10, 20] {
      let cost = try await cost(with: pods)
      line(
        "| \(pods) | \(Int(cost.setNanoseconds)) | \(oneDecimal(cost.microseconds)) "
          + "| \(oneDecimal(cost.microseconds / Double(pods))) |")
    }
  }

  private static func oneDecimal(_ number: Double) -> String { String((number * 10).rounded() / 10) }

  /// One pod of a full mesh in this process writes; the others apply.
  private static func cost(with count: Int) async throws -> (setNanoseconds: Double, microseconds: Double) {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    var transports: [P2PTransport] = []
    var stores: [Store<Limits>] = []
    for number in 0..<count {
      var configuration = P2PConfiguration(peers: transports.compactMap(\.listenAddress))
      configuration.eventLoopGroup = group
      let transport = P2PTransport(configuration: configuration)
      var options = StoreConfiguration<Limits>()
      options.joinTimeout = number == 0 ? .milliseconds(1) : .seconds(10)
      stores.append(try await Store.join("bench", over: transport, configuration: options))
      transports.append(transport)
    }
    let keys = Keys.shuffled(1_000)
    var samples = Samples()
    var sets = Samples()
    for round in 1...4 {
      let before = ProcessorTime.ofProcess
      let perSet = try nanoseconds(for: writes) {
        for number in 0..<writes { try stores[0].set(keys[number % keys.count], to: Limits(number + round)) }
      }
      let last = (writes - keys.count..<writes).map { (keys[$0 % keys.count], Limits($0 + round)) }
      for store in stores.dropFirst() { try await Stores.wait(for: store, toHold: last) }
      guard round > 1 else { continue }
      samples.append((ProcessorTime.ofProcess - before) * 1e6 / Double(writes))
      sets.append(perSet)
    }
    for store in stores { try await store.close() }
    for transport in transports { try await transport.close() }
    try await group.shutdownGracefully()
    return (sets.median, samples.median)
  }
}

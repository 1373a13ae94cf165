import Logging
import PodShare
import PodShareTestKit

/// The pods of this process, all on one in-memory network.
struct Fleet: Sendable {
  static let size = 3
  static let topic = "flags"

  let pods: [Pod]

  init(firstPort: Int, logger: Logger) throws {
    let network = MemoryNetwork()
    pods = try (0..<Self.size).map { index in
      let name = "pod-\(index + 1)"
      var configuration = StoreConfiguration<Flag>()
      configuration.nodeID = name
      configuration.joinTimeout = .milliseconds(200)
      configuration.logger = logger
      // Without a fault until the page asks for one.
      let transport = FaultyTransport(MemoryTransport(on: network), seed: UInt64(index))
      return Pod(
        name: name,
        port: firstPort + index,
        transport: transport,
        store: try Store<Flag>(Self.topic, over: transport, configuration: configuration)
      )
    }
  }

  /// The ports that a fleet takes whose first pod is at `first`; `nil` when they are not all ports.
  static func ports(from first: Int) -> Range<Int>? {
    guard first > 0, first <= 65_536 - size else { return nil }
    return first..<(first + size)
  }

  /// Gives the fleet its first flags, all from the first pod.
  func seed() throws {
    try pods.first?.store.setMany(Flag.seeds)
  }

  /// Takes the pods off the network for good. Their stores must have been closed before.
  func close() async throws {
    for pod in pods { try await pod.transport.close() }
  }

  /// All pods but one.
  func others(than pod: Pod) -> [Pod] {
    pods.filter { $0.name != pod.name }
  }
}

import Logging
import PodShare
import PodShareP2P
import ServiceLifecycle
import Testing

@Suite("A mesh that is discovered", .timeLimit(.minutes(1)))
struct DiscoveredMeshTests {
  @Test("Three pods find each other through a file, and links go and come as it is rewritten")
  func file() async throws {
    let pods = [try await TestPod.start("a"), try await TestPod.start("b"), try await TestPod.start("c")]
    let addresses = try pods.map { try $0.address }
    let file = TemporaryFile()
    defer { file.remove() }
    func list(_ indices: Int...) throws {
      try file.write(indices.map { "\(addresses[$0])\n" }.joined())
    }

    try list(0, 1, 2)
    let discoverer = PeerFile(file.path, interval: .milliseconds(20))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for pod in pods { group.addTask { await discoverer.run(pod.transport.syncPeers) } }
      await pods[0].waitForLinks(["b", "c"])
      await pods[1].waitForLinks(["a", "c"])
      await pods[2].waitForLinks(["a", "b"])

      // All three read it, so nobody dials c any more, and c dials the others only.
      try list(0, 1)
      await eventually("c is dialled by nobody") {
        for pod in pods where await pod.transport.peers.contains(addresses[2]) { return false }
        return true
      }
      try list(0, 1, 2)
      await pods[0].waitForLinks(["b", "c"])
      await pods[2].waitForLinks(["a", "b"])
      group.cancelAll()
    }
    for pod in pods { try await pod.close() }
  }

  @Test("A pod whose address is taken out of the file is let go, and linked again when it is back")
  func goingAndComing() async throws {
    let a = try await TestPod.start("a")
    let b = try await TestPod.start("b")
    let c = try await TestPod.start("c")
    let file = TemporaryFile()
    defer { file.remove() }
    try file.write("\(try b.address)\n\(try c.address)\n")
    // Only a discovers: what is not on its list has nobody else to be linked with.
    let discoverer = PeerFile(file.path, interval: .milliseconds(20))
    let running = Task { await discoverer.run(a.transport.syncPeers) }
    await a.waitForLinks(["b", "c"])
    try file.write("\(try b.address)\n")
    await a.waitForLinks(["b"])
    await c.waitForLinks([])
    try file.write("\(try b.address)\n\(try c.address)\n")
    await a.waitForLinks(["b", "c"])
    running.cancel()
    await running.value
    for pod in [a, b, c] { try await pod.close() }
  }

  @Test("A service group runs discovery beside the transport and the store, and ends all of them")
  func serviceGroup() async throws {
    let other = try await TestPod.start("other")
    let otherStore = try await other.join("numbers", of: Int.self)
    try otherStore.set("one", to: 1)

    let port = try other.address.port
    let discoverer = DNSDiscoverer(host: "pods", port: port, resolver: { _ in ["127.0.0.1"] })
    let transport = P2PTransport()
    let store = try Store<Int>("numbers", over: transport)
    let group = ServiceGroup(
      services: [transport, PeerDiscoveryService(discoverer, for: transport), store],
      logger: Logger(label: "group"))
    let running = Task { try await group.run() }
    await eventually("the store holds what the other pod holds") { store.isCaughtUp && store["one"] == 1 }
    await group.triggerGracefulShutdown()
    try await running.value
    await other.waitForLinks([])
    try await otherStore.close()
    try await other.close()
  }
}

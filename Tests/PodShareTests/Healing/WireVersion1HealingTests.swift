import PodShare
import Testing

@Suite("Healing beside wire version 1", .timeLimit(.minutes(2)))
struct WireVersion1HealingTests {
  private func pod(
    _ name: String, _ format: WireFormat, on network: MemoryNetwork, isFirst: Bool = false
  ) async throws -> Pod<Int> {
    try await network.pod(name, isFirst: isFirst) {
      $0.wireFormat = format
      $0.syncInterval = .milliseconds(30)
    }
  }

  /// Waits until each of them has found every other equal, after now.
  private func waitUntilEqual(_ pods: [Pod<Int>]) async {
    let now = Timestamp.now()
    await eventually("all are found equal") {
      pods.allSatisfy { pod in
        let members = pod.store.members
        return members.count == pods.count - 1 && members.allSatisfy { ($0.lastEqual ?? .earliest) > now }
      }
    }
  }

  @Test(
    "Writes of wire version 1 leave nothing different, whether they came live or by healing, and nothing to report"
  )
  func nothingIsDifferent() async throws {
    let network = MemoryNetwork()
    let old = try await pod("old", .v1, on: network, isFirst: true)
    let new = try await pod("new", .v2, on: network)
    let third = try await pod("third", .v2, on: network)
    let pods = [old, new, third]
    try old.store.set("live", to: 1)
    try old.store.set("deleted", to: 1)
    try old.store.delete("deleted")
    try old.store.set("deleted", to: 2)
    third.transport.disconnect()
    try old.store.set("missed", to: 1)
    try old.store.set("missed too", to: 1)
    try old.store.delete("missed too")
    try old.store.set("missed too", to: 2)
    await eventually("the other has it") { new.store["missed too"] == 2 }
    third.transport.connect()
    await eventually("so has the one that missed it") { third.store["missed too"] == 2 }
    await waitUntilEqual(pods)
    // For the pods of wire version 2 to tell each other what they have by way of version 1.
    old.transport.disconnect()
    try new.store.set("own", to: 1)
    await eventually("it arrives") { third.store["own"] == 1 }
    old.transport.connect()
    await waitUntilEqual(pods)
    let before = pods.map { $0.store.statistics.comparisons }
    for pod in pods {
      #expect(pod.errors.all.isEmpty, "\(pod.store.nodeID): \(pod.errors.all)")
      #expect(pod.store["missed"] == 1 && pod.store["deleted"] == 2)
    }
    await waitUntilEqual(pods)
    #expect(
      pods.map { $0.store.statistics.comparisons } == before, "nothing is compared where nothing differs")
  }
}

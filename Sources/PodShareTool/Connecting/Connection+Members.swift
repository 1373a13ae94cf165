import PodShare
import PodShareP2P

extension Connection {
  /// The addresses of the linked pods, by node ID.
  var addresses: [String: String] {
    get async {
      let peers = await network.linkedPeers
      return Dictionary(peers.map { ($0.nodeID, $0.remoteAddress) }) { first, _ in first }
    }
  }

  /// Waits until those who are linked have said whether they are of the topic, as far as they are: each says so once in
  /// a sync interval.
  func meetMembers() async {
    // At a server nobody is linked: only waiting shows who is there.
    if case .redis = network { return (try? await Task.sleep(for: .milliseconds(1_200))) ?? () }
    let clock = ContinuousClock()
    let deadline = clock.now + .milliseconds(1_500)
    while clock.now < deadline {
      let linked = await network.linkedPeers.count { !$0.isGoPod }
      if store.members.count >= linked { return }
      try? await Task.sleep(for: .milliseconds(20))
    }
  }
}

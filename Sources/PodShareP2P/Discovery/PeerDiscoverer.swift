/// Finds out where the other pods are, again and again.
///
/// ```swift
/// try await discoverer.run(transport.syncPeers)
/// ```
///
/// ``DNSDiscoverer`` asks the name service, ``PeerFile`` reads a file, ``EnvironmentPeers`` an environment variable.
/// Whatever else knows the pods, such as a registry, can be one as well.
public protocol PeerDiscoverer: Sendable {
  /// Tells where the other pods are, now and from now on, until the task is cancelled; then it returns.
  ///
  /// Goes on also when all pods that it has found are linked: pods that were cut off, and come back under other
  /// addresses, find each other in no other way.
  ///
  /// - Parameter onPeers: Called with all addresses that there are, also when they are the same as before.
  /// - Throws: `discoveryFailed` when trying again makes no sense. What may pass is not thrown.
  func run(_ onPeers: @escaping @Sendable ([PeerAddress]) -> Void) async throws(P2PError)
}

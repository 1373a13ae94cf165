import NIOConcurrencyHelpers
import PodShareP2P

/// What a discoverer has told, in order.
final class DiscoveryLog: Sendable {
  private let box = NIOLockedValueBox((peers: [[PeerAddress]](), errors: [P2PError]()))

  /// All that was called back.
  var found: [[PeerAddress]] { box.withLockedValue { $0.peers } }

  /// All that was reported.
  var errors: [P2PError] { box.withLockedValue { $0.errors } }

  @Sendable
  func peers(_ peers: [PeerAddress]) { box.withLockedValue { $0.peers.append(peers) } }

  @Sendable
  func error(_ error: P2PError) { box.withLockedValue { $0.errors.append(error) } }
}

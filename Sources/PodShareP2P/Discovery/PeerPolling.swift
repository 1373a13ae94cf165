import PodShare

/// Looks for peers again and again. What fails is reported once, and changes nothing.
struct PeerPolling: Sendable {
  let interval: Duration
  let time: TimeSource
  let onError: (@Sendable (P2PError) -> Void)?
  let look: @Sendable () async throws(P2PError) -> [PeerAddress]

  init(
    interval: Duration, time: TimeSource, onError: (@Sendable (P2PError) -> Void)?,
    look: @escaping @Sendable () async throws(P2PError) -> [PeerAddress]
  ) {
    self.interval = interval
    self.time = time
    self.onError = onError
    self.look = look
  }

  /// Returns when the task is cancelled.
  func run(_ onPeers: @Sendable ([PeerAddress]) -> Void) async {
    var reported: P2PError?
    while !Task.isCancelled {
      var pause = interval
      do throws(P2PError) {
        let peers = try await look()
        guard !Task.isCancelled else { return }
        reported = nil
        onPeers(peers)
      } catch {
        guard !Task.isCancelled else { return }
        if error != reported { onError?(error) }
        reported = error
        pause = min(interval, Self.longestPauseAfterFailure)
      }
      // Pods that were started at the same time should not all ask at the same time.
      do { try await time.sleep(pause * Double.random(in: 0.9...1.1)) } catch { return }
    }
  }

  private static var longestPauseAfterFailure: Duration { .seconds(1) }
}

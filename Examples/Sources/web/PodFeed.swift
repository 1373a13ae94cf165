import AsyncAlgorithms
import PodShare
import ServiceLifecycle

/// What a page hears from its pod: everything there is, then each change as it happens, and how the pod is and what it
/// knows of its neighbours, whenever that changes.
struct PodFeed: Sendable {
  /// How often the status is looked at, besides at once when a neighbour comes, goes or has caught up.
  static let statusInterval = Duration.milliseconds(250)

  /// After so many looks without news the page gets a heartbeat: ten seconds.
  static let quietLooks = 40

  let pod: Pod
  let fleet: Fleet

  /// Runs until the store closes, the server shuts down, or the task is cancelled.
  func send(to page: inout ServerSentEventWriter) async throws {
    // The watch first, then the snapshot: a change in between comes twice rather than not at all, and the page tells
    // by its version that it has it already.
    let changes = pod.store.watch(.all, from: .now, buffering: .newestPerKey)
    try await page.send("snapshot", pod.entries)
    var status = PodStatus(of: pod, in: fleet)
    try await page.send("status", status)

    let news = changes.map { Signal.change(FlagChange($0, arrival: .now())) }
    let members = pod.store.memberUpdates().map { _ in Signal.look }
    let looks = AsyncTimerSequence(interval: Self.statusInterval, clock: .continuous).map { _ in Signal.look }
    let signals = merge(chain(news, [Signal.closed].async), members, looks)
    var quiet = 0
    for try await signal in signals.cancelOnGracefulShutdown() {
      switch signal {
      case .change(let change):
        try await page.send("change", change)
      case .look:
        let current = PodStatus(of: pod, in: fleet)
        if current != status {
          status = current
          quiet = 0
          try await page.send("status", status)
        } else if quiet == Self.quietLooks {
          quiet = 0
          try await page.sendHeartbeat()
        } else {
          quiet += 1
        }
      case .closed:
        return
      }
    }
  }

  private enum Signal: Sendable {
    case change(FlagChange)
    case look
    case closed
  }
}

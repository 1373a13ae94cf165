import PodShare
import Synchronization

/// Whether this pod may be sent requests: once it holds what the others hold, or if there are no others.
///
/// `Store.isCaughtUp` stays false on a pod that has never met another. If that were all, a fleet of one would never be
/// ready.
final class Readiness: Sendable {
  private let store: Store<String>
  private let wasAlone = Atomic(false)

  init(_ store: Store<String>) {
    self.store = store
  }

  /// Discovery has found nobody but this pod, so there is nothing to catch up with.
  func isAlone() { wasAlone.store(true, ordering: .relaxed) }

  /// Once true it stays so: what the pod holds may be old, when it is cut off, but it is there.
  var isReady: Bool { store.isCaughtUp || wasAlone.load(ordering: .relaxed) }
}

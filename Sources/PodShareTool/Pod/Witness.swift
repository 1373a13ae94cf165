import NIOConcurrencyHelpers
import PodShare

/// Knows whether some other pod has had all that was written here. Whoever is gone cannot be asked any more, so it
/// looks while they are there.
final class Witness: Sendable {
  private struct State {
    var writes: UInt64 = 0
    /// When they were first seen to be so many.
    var since = Timestamp.earliest
    var confirmed: UInt64 = 0
  }

  private let store: Store<JSONValue>
  private let state = NIOLockedValueBox(State())

  init(_ store: Store<JSONValue>) {
    self.store = store
  }

  /// Looks now and then, until it is cancelled.
  func watch() async {
    while !Task.isCancelled {
      look()
      try? await Task.sleep(for: .milliseconds(200))
    }
  }

  /// Whether something was written that nobody else is known to have.
  func isAnythingUnconfirmed() -> Bool {
    look()
    return state.withLockedValue { $0.confirmed < $0.writes }
  }

  private func look() {
    let writes = store.statistics.localWrites
    let members = store.members
    state.withLockedValue { state in
      if writes != state.writes {
        state.writes = writes
        state.since = .now()
      } else if members.contains(where: { ($0.lastEqual ?? .earliest) > state.since }) {
        state.confirmed = writes
      }
    }
  }
}

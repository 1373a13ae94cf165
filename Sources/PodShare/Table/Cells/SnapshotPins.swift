import NIOConcurrencyHelpers
import Synchronization

/// Which commits are looked at by snapshots.
///
/// Commits are numbered. A snapshot is a number: it sees of each key the newest cell that was put by then. Taking and
/// dropping one is O(1); the lock is held for that alone, and no read takes it.
///
/// The writer puts the cells of a commit, publishes its number, and then asks which snapshots there are. A snapshot is
/// entered before it reads the number; entering, reading, publishing and asking are sequentially consistent. So either the
/// writer learns of it and keeps what it sees, or it has the new number.
final class SnapshotPins: Sendable {
  private struct State {
    /// How many snapshots there are of each commit.
    var pins: [UInt64: Int] = [:]
    /// Those that were dropped and of which the writer does not know yet.
    var dropped: [UInt64] = []
  }

  private let published = Atomic<UInt64>(0)
  /// Snapshots, and those dropped that the writer does not know of: zero means that there is nothing to do.
  private let count = Atomic<Int>(0)
  private let state = NIOLockedValueBox(State())

  func pin() -> UInt64 {
    state.withLockedValue { state in
      count.wrappingAdd(1, ordering: .sequentiallyConsistent)
      let number = published.load(ordering: .sequentiallyConsistent)
      state.pins[number, default: 0] += 1
      return number
    }
  }

  func unpin(_ number: UInt64) {
    state.withLockedValue { state in
      let left = state.pins[number, default: 1] - 1
      state.pins[number] = left > 0 ? left : nil
      if left == 0 { state.dropped.append(number) } else { count.wrappingSubtract(1, ordering: .relaxed) }
    }
  }

  // MARK: For the writer

  func publish(_ number: UInt64) {
    published.store(number, ordering: .sequentiallyConsistent)
  }

  /// Whether there are any, or were since the writer last asked.
  var areAny: Bool { count.load(ordering: .sequentiallyConsistent) != 0 }

  /// The numbers of those there are, ascending.
  var numbers: [UInt64] { state.withLockedValue { $0.pins.keys.sorted() } }

  func takeDropped() -> [UInt64] {
    state.withLockedValue { state in
      count.wrappingSubtract(state.dropped.count, ordering: .relaxed)
      defer { state.dropped = [] }
      return state.dropped
    }
  }

  /// Publishes a commit during which no snapshot may begin. `body` is told whether there are any.
  func publish(_ number: UInt64, _ body: (_ areAny: Bool) -> Void) {
    state.withLockedValue { state in
      body(!state.pins.isEmpty)
      publish(number)
    }
  }
}

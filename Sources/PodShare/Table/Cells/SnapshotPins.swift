import DequeModule
import NIOConcurrencyHelpers
import Synchronization

/// Which commits are looked at by snapshots.
///
/// Commits are numbered. A snapshot is a number: it sees of each key the newest cell that was put by then. Taking one is
/// O(1), and so is dropping the oldest or the newest of those there are; the lock is held for that alone, and no read takes
/// it.
///
/// The writer puts the cells of a commit, publishes its number, and then asks which snapshots there are. A snapshot is
/// entered before it reads the number; entering, reading, publishing and asking are sequentially consistent. So either the
/// writer learns of it and keeps what it sees, or it has the new number.
final class SnapshotPins: Sendable {
  private struct Pin {
    let number: UInt64
    /// How many snapshots have it.
    var count: Int
  }

  private struct State {
    /// Ascending, since commits are published in turn.
    var pins: Deque<Pin> = []
    /// Those that were dropped and of which the writer does not know yet. Not more than there were commits: what sees the
    /// newest one is not among them.
    var dropped: [UInt64] = []

    /// How many pins come before this number. O(log of the snapshots).
    func count(before number: UInt64) -> Int {
      var range = 0..<pins.count
      while !range.isEmpty {
        let middle = range.lowerBound + range.count / 2
        if pins[middle].number < number {
          range = middle + 1..<range.upperBound
        } else {
          range = range.lowerBound..<middle
        }
      }
      return range.lowerBound
    }
  }

  private let published = Atomic<UInt64>(0)
  /// Pins, and those dropped that the writer does not know of: zero means that there is nothing to do.
  private let count = Atomic<Int>(0)
  private let state = NIOLockedValueBox(State())

  func pin() -> UInt64 {
    state.withLockedValue { state in
      count.wrappingAdd(1, ordering: .sequentiallyConsistent)
      let number = published.load(ordering: .sequentiallyConsistent)
      if let last = state.pins.indices.last, state.pins[last].number == number {
        state.pins[last].count += 1
      } else {
        state.pins.append(Pin(number: number, count: 1))
      }
      return number
    }
  }

  /// O(log of the snapshots), and of moving those after it or before it, whichever are fewer.
  func unpin(_ number: UInt64) {
    state.withLockedValue { state in
      let index = state.count(before: number)
      state.pins[index].count -= 1
      if state.pins[index].count == 0 {
        state.pins.remove(at: index)
        // As long as it sees the newest commit, nothing is kept for it: whoever publishes the next one has not asked yet.
        if number != published.load(ordering: .sequentiallyConsistent) { return state.dropped.append(number) }
      }
      count.wrappingSubtract(1, ordering: .relaxed)
    }
  }

  // MARK: For the writer

  func publish(_ number: UInt64) {
    published.store(number, ordering: .sequentiallyConsistent)
  }

  /// Whether there are any, or were since the writer last asked.
  var areAny: Bool { count.load(ordering: .sequentiallyConsistent) != 0 }

  /// The newest snapshot that sees what was put by the commit `birth` and replaced by the commit `end`. O(log of the
  /// snapshots).
  func newest(since birth: UInt64, before end: UInt64) -> UInt64? {
    state.withLockedValue { state in
      let count = state.count(before: end)
      guard count > 0 else { return nil }
      let number = state.pins[count - 1].number
      return number >= birth ? number : nil
    }
  }

  /// Takes some of those that were dropped, at most `limit`.
  func takeDropped(atMost limit: Int) -> [UInt64] {
    state.withLockedValue { state in
      var taken: [UInt64] = []
      // One by one: while a slice of them is there, taking them out would copy the rest.
      while taken.count < limit, let number = state.dropped.popLast() { taken.append(number) }
      count.wrappingSubtract(taken.count, ordering: .relaxed)
      return taken
    }
  }

  /// Whether there are any that were dropped and have not been taken.
  var areDropped: Bool { state.withLockedValue { !$0.dropped.isEmpty } }

  /// Publishes a commit during which no snapshot may begin. `body` is told whether there are any.
  func publish(_ number: UInt64, _ body: (_ areAny: Bool) -> Void) {
    state.withLockedValue { state in
      body(!state.pins.isEmpty)
      publish(number)
    }
  }
}

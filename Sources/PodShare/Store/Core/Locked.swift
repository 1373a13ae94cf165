import NIOConcurrencyHelpers

/// State that is only ever touched while its lock is held; unlike `NIOLockedValueBox` it may be noncopyable.
///
/// Unchecked, because the compiler cannot see that `state` is reached through `withLock` alone, which holds `lock` for
/// the whole of `body`, and that nothing mutable leaves it: `body` gets it `inout`. For the same reason no two accesses
/// overlap, and nothing has to look for that at run time.
final class Locked<State: ~Copyable>: @unchecked Sendable {
  private let lock = NIOLock()
  @exclusivity(unchecked) private var state: State

  init(_ state: consuming sending State) {
    self.state = state
  }

  func withLock<Result: ~Copyable, Failure>(
    _ body: (inout State) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body(&state)
  }

  /// The same for something that is handed over to `body`, and not before the state is ready for it.
  ///
  /// - Parameters:
  ///   - isBusy: Asked under the lock.
  ///   - pause: Called without the lock as often as the state was busy.
  func withLock<Argument: ~Copyable, Result: ~Copyable, Failure>(
    passing argument: consuming Argument, afterWaitingWhile isBusy: (borrowing State) -> Bool,
    _ pause: () -> Void, _ body: (inout State, consuming Argument) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    lock.lock()
    while isBusy(state) {
      lock.unlock()
      pause()
      lock.lock()
    }
    defer { lock.unlock() }
    return try body(&state, argument)
  }
}

// Reflection copies what it finds, and the state cannot be copied: without this, printing a store traps.
extension Locked: CustomReflectable where State: ~Copyable {
  var customMirror: Mirror { Mirror(self, children: []) }
}

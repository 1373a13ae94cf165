import Synchronization

/// A result that one thread sets and others look for.
final class Announced<Value: Sendable>: Sendable {
  private let isSet = Atomic<Bool>(false)
  private let stored = Mutex<Value?>(nil)

  func set(_ value: Value) {
    stored.withLock { $0 = value }
    isSet.store(true, ordering: .releasing)
  }

  /// Nil until it is set; until then this takes no lock.
  var value: Value? {
    isSet.load(ordering: .acquiring) ? stored.withLock { $0 } : nil
  }
}

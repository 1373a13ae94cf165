import Synchronization

/// What a user would write who has no store: a dictionary behind a lock.
final class MutexDictionary<Value: Sendable>: Sendable {
  private let entries: Mutex<[String: Value]>

  init(_ entries: [String: Value]) {
    self.entries = Mutex(entries)
  }

  @inline(never)
  subscript(key: String) -> Value? { entries.withLock { $0[key] } }
}

/// The same with an actor.
actor ActorDictionary<Value: Sendable> {
  private let entries: [String: Value]

  init(_ entries: [String: Value]) {
    self.entries = entries
  }

  subscript(key: String) -> Value? { entries[key] }
}

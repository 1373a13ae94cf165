/// The events that wait for one watcher.
struct EventQueue<Value: Sendable>: Sendable {
  private enum Contents: Sendable {
    case bounded(FIFO<Event<Value>>, limit: Int)
    case newestPerKey(FIFO<Key>, newest: [Key: Event<Value>])
  }

  private var contents: Contents

  init(buffering: WatchBuffering) {
    contents =
      switch buffering.kind {
      case .bounded(let limit): .bounded(FIFO(), limit: limit)
      case .newestPerKey: .newestPerKey(FIFO(), newest: [:])
      }
  }

  var isEmpty: Bool {
    switch contents {
    case .bounded(let events, _): events.count == 0
    case .newestPerKey(let keys, _): keys.count == 0
    }
  }

  /// Whether an older event of this key need not be sent any more.
  func hasNewer(for key: Key) -> Bool {
    if case .newestPerKey(_, let newest) = contents { newest[key] != nil } else { false }
  }

  /// Adds an event; false if there is no room for it.
  mutating func append(_ event: Event<Value>) -> Bool {
    switch contents {
    case .bounded(var events, let limit):
      guard events.count < limit else { return false }
      contents = .bounded(FIFO(), limit: limit)  // So that the queue is changed in place.
      events.append(event)
      contents = .bounded(events, limit: limit)
    case .newestPerKey(var keys, var newest):
      contents = .newestPerKey(FIFO(), newest: [:])
      let key = Key(event.key)
      if newest.updateValue(event, forKey: key) == nil { keys.append(key) }
      contents = .newestPerKey(keys, newest: newest)
    }
    return true
  }

  /// Takes the next event.
  mutating func popFirst() -> Event<Value>? {
    switch contents {
    case .bounded(var events, let limit):
      contents = .bounded(FIFO(), limit: limit)
      defer { contents = .bounded(events, limit: limit) }
      return events.popFirst()
    case .newestPerKey(var keys, var newest):
      contents = .newestPerKey(FIFO(), newest: [:])
      defer { contents = .newestPerKey(keys, newest: newest) }
      return keys.popFirst().flatMap { newest.removeValue(forKey: $0) }
    }
  }
}

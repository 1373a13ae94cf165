/// The events that wait for one watcher. Those that came together stay together, shared by all watchers that got them.
struct EventQueue<Value: Sendable>: Sendable {
  typealias Events = ArraySlice<Event<Value>>

  private enum Contents: Sendable {
    case bounded(FIFO<Events>, count: Int, limit: Int)
    /// Each key once; the first that came as they came, and the others by their keys.
    case newestPerKey(Events, FIFO<Key>, newest: [Key: Event<Value>])
  }

  private var contents: Contents

  init(buffering: WatchBuffering) {
    contents =
      switch buffering.kind {
      case .bounded(let limit): .bounded(FIFO(), count: 0, limit: limit)
      case .newestPerKey: .newestPerKey([], FIFO(), newest: [:])
      }
  }

  var isEmpty: Bool {
    switch contents {
    case .bounded(_, let count, _): count == 0
    case .newestPerKey(let first, let keys, _): first.isEmpty && keys.count == 0
    }
  }

  /// How many more events it takes.
  var room: Int {
    if case .bounded(_, let count, let limit) = contents { limit - count } else { .max }
  }

  /// Whether an older event of this key need not be sent any more.
  func hasNewer(for key: Key) -> Bool {
    guard case .newestPerKey(let first, _, let newest) = contents else { return false }
    return newest[key] != nil || first.contains { Key($0.key) == key }
  }

  /// Adds events: if only the newest of each key waits, no two of one key. False if there was not room for all of them.
  mutating func append(_ events: Events) -> Bool {
    switch contents {
    case .bounded(var parts, let count, let limit):
      let part = events.prefix(limit - count)
      contents = .bounded(FIFO(), count: 0, limit: limit)  // So that the queue is changed in place.
      if !part.isEmpty { parts.append(part) }
      contents = .bounded(parts, count: count + part.count, limit: limit)
      return part.count == events.count
    case .newestPerKey(let first, var keys, var newest):
      contents = .newestPerKey([], FIFO(), newest: [:])
      if first.isEmpty, keys.count == 0 {
        contents = .newestPerKey(events, keys, newest: newest)
        return true
      }
      for event in first + events {
        let key = Key(event.key)
        if newest.updateValue(event, forKey: key) == nil { keys.append(key) }
      }
      contents = .newestPerKey([], keys, newest: newest)
      return true
    }
  }

  /// Takes the next event.
  mutating func popFirst() -> Event<Value>? {
    switch contents {
    case .bounded(var parts, let count, let limit):
      guard count > 0 else { return nil }
      contents = .bounded(FIFO(), count: 0, limit: limit)
      defer { contents = .bounded(parts, count: count - 1, limit: limit) }
      let event = parts.first?.popFirst()
      if parts.first?.isEmpty == true { _ = parts.popFirst() }
      return event
    case .newestPerKey(var first, var keys, var newest):
      contents = .newestPerKey([], FIFO(), newest: [:])
      defer { contents = .newestPerKey(first, keys, newest: newest) }
      return first.popFirst() ?? keys.popFirst().flatMap { newest.removeValue(forKey: $0) }
    }
  }
}

/// The events that wait for one watcher.
struct EventQueue<Value: Sendable>: Sendable {
  private enum Contents: Sendable {
    case bounded(FIFO<Event<Value>>, limit: Int)
    case newestPerKey(FIFO<Key>, newest: [Key: Event<Value>])
  }

  private var contents: Contents
  /// What was there when the watch began, sent before anything that waits.
  private var present: Dictionary<Key, StoredEntry<Value>>.Iterator?

  init(buffering: WatchBuffering, present: [Key: StoredEntry<Value>]?) {
    self.present = present?.makeIterator()
    contents =
      switch buffering.kind {
      case .bounded(let limit): .bounded(FIFO(), limit: limit)
      case .newestPerKey: .newestPerKey(FIFO(), newest: [:])
      }
  }

  /// Whether there is nothing to take. With a first state there may be less than this says.
  var isEmpty: Bool {
    guard present == nil else { return false }
    return switch contents {
    case .bounded(let events, _): events.count == 0
    case .newestPerKey(let keys, _): keys.count == 0
    }
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

  /// Takes the next event, of those keys that `scope` is about.
  mutating func popFirst(in scope: WatchScope) -> Event<Value>? {
    while let (key, entry) = present?.next() {
      guard let value = entry.value, scope.admits(key.string) else { continue }
      // A newer event of the same key will do.
      if case .newestPerKey(_, let newest) = contents, newest[key] != nil { continue }
      return Event(
        change: .set(value), key: key.string, origin: entry.version.origin,
        timestamp: entry.version.timestamp,
        version: entry.version)
    }
    present = nil
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

  mutating func removeAll() {
    self = EventQueue(buffering: .bounded(1), present: nil)
  }
}

/// First in, first out; both in constant time, amortised.
struct FIFO<Element> {
  private var elements: [Element?] = []
  private var head = 0

  var count: Int { elements.count - head }

  mutating func append(_ element: Element) {
    elements.append(element)
  }

  mutating func popFirst() -> Element? {
    guard head < elements.count else { return nil }
    defer {
      elements[head] = nil
      head += 1
      if head == elements.count {
        elements.removeAll(keepingCapacity: head <= 64)
        head = 0
      } else if head >= 64, head * 2 >= elements.count {
        elements.removeFirst(head)
        head = 0
      }
    }
    return elements[head]
  }
}

extension FIFO: Sendable where Element: Sendable {}

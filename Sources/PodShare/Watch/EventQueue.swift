/// The events that wait for one watcher. Those that came together stay together, shared by all watchers that got them.
struct EventQueue<Value: Sendable>: Sendable {
  typealias Events = ArraySlice<SharedEvent<Value>>

  /// How many may wait; nil if of each key only the newest one does.
  private let limit: Int?
  /// How many wait.
  private(set) var count = 0
  /// Those that come first, from `next` on.
  private var current: Events = []
  private var next = 0
  /// Those that come after them, if there is a limit.
  private var later = FIFO<Events>()
  /// Those that come after them, if only the newest of each key does.
  private var keys = FIFO<Key>()
  private var newest: [Key: SharedEvent<Value>] = [:]

  init(buffering: WatchBuffering) {
    limit =
      switch buffering.kind {
      case .bounded(let limit): limit
      case .newestPerKey: nil
      }
  }

  var isEmpty: Bool { count == 0 }

  /// How many more events it takes.
  var room: Int { limit.map { $0 - count } ?? .max }

  /// Whether an older event of this key need not be sent any more. O(1), but for the events that have come since it was
  /// last asked.
  mutating func hasNewer(for key: Key) -> Bool {
    guard limit == nil else { return false }
    if next < current.endIndex { arrangeByKey([]) }
    return newest[key] != nil
  }

  /// Adds events: if only the newest of each key waits, no two of one key. False if there was not room for all of them.
  mutating func append(_ events: Events) -> Bool {
    guard let limit else {
      appendNewest(events)
      return true
    }
    let part = events.count <= limit - count ? events : events.prefix(limit - count)
    if count == 0 {
      begin(part)
    } else if !part.isEmpty {
      later.append(part)
    }
    count += part.count
    return part.count == events.count
  }

  private mutating func appendNewest(_ events: Events) {
    guard count > 0 else {
      begin(events)
      count = events.count
      return
    }
    arrangeByKey(events)
  }

  /// Puts the events that come first, and others behind them, where each is found by its key.
  private mutating func arrangeByKey(_ events: Events) {
    for event in current[next...] + events {
      let key = Key(event.key)
      if newest.updateValue(event, forKey: key) == nil { keys.append(key) }
    }
    begin([])
    count = keys.count
  }

  private mutating func begin(_ events: Events) {
    current = events
    next = events.startIndex
  }

  /// Takes the next event.
  ///
  /// - Parameter spent: Gets events that have been taken out before, to be let go of where no lock is held.
  mutating func popFirst(_ spent: inout Events) -> SharedEvent<Value>? {
    guard count > 0 else { return nil }
    count -= 1
    if next == current.endIndex {
      guard limit != nil else { return keys.popFirst().flatMap { newest.removeValue(forKey: $0) } }
      begin(later.popFirst() ?? [])
    }
    let event = current[next]
    next += 1
    if next == current.endIndex {
      swap(&spent, &current)
      begin([])
    }
    return event
  }
}

/// The watchers of a store, found by what they watch.
struct WatcherIndex {
  typealias ID = ObjectIdentifier

  /// Watchers of one key, by that key.
  private var byKey: [Key: [ID: Watcher]] = [:]
  /// All others.
  private(set) var ofManyKeys: [ID: Watcher] = [:]
  /// How many of those want the events of all keys.
  private var countOfAllKeys = 0

  var isEmpty: Bool { count == 0 }

  private(set) var count = 0

  mutating func insert(_ watcher: Watcher) {
    let replaced =
      if let key = watcher.scope.onlyKey {
        byKey[key, default: [:]].updateValue(watcher, forKey: ID(watcher))
      } else {
        ofManyKeys.updateValue(watcher, forKey: ID(watcher))
      }
    guard replaced == nil else { return }
    count += 1
    if watcher.scope.admitsAll { countOfAllKeys += 1 }
  }

  mutating func remove(_ watcher: Watcher) {
    let removed: Watcher?
    if let key = watcher.scope.onlyKey {
      removed = byKey[key]?.removeValue(forKey: ID(watcher))
      if byKey[key]?.isEmpty == true { byKey[key] = nil }
    } else {
      removed = ofManyKeys.removeValue(forKey: ID(watcher))
    }
    guard removed != nil else { return }
    count -= 1
    if watcher.scope.admitsAll { countOfAllKeys -= 1 }
  }

  mutating func remove(_ watchers: some Sequence<Watcher>, where shouldBeRemoved: (Watcher) -> Bool) {
    for watcher in watchers where shouldBeRemoved(watcher) { remove(watcher) }
  }

  var all: [Watcher] { byKey.values.flatMap(\.values) + ofManyKeys.values }

  /// Whether there are any that want events of a key.
  func areAny(for key: String) -> Bool {
    countOfAllKeys > 0 || ofManyKeys.values.contains { $0.scope.admits(key) }
      || (!byKey.isEmpty && byKey[Key(key)] != nil)
  }

  /// The watchers of single keys that a batch has events of, each with those. O(events).
  func ofOneKey(in batch: EventBatch) -> [(part: EventBatch, watchers: [ID: Watcher])] {
    guard !byKey.isEmpty else { return [] }
    var parts: [(part: EventBatch, watchers: [ID: Watcher])] = []
    var places: [Key: Int] = [:]
    for event in batch.events {
      let key = Key(event.key)
      guard let watchers = byKey[key] else { continue }
      let place = places[key] ?? parts.count
      if place == parts.count {
        places[key] = place
        parts.append((EventBatch(), watchers))
      }
      parts[place].part.append(event)
    }
    return parts
  }
}

/// The watchers of a store, found by what they watch.
struct WatcherIndex {
  typealias ID = ObjectIdentifier

  /// Watchers of one key, by that key.
  private var byKey: [Key: [ID: Watcher]] = [:]
  /// All others.
  private(set) var ofManyKeys: [ID: Watcher] = [:]

  var isEmpty: Bool { ofManyKeys.isEmpty && byKey.isEmpty }

  var count: Int { byKey.values.reduce(ofManyKeys.count) { $0 + $1.count } }

  mutating func insert(_ watcher: Watcher) {
    if let key = watcher.scope.onlyKey {
      byKey[key, default: [:]][ID(watcher)] = watcher
    } else {
      ofManyKeys[ID(watcher)] = watcher
    }
  }

  mutating func remove(_ watcher: Watcher) {
    guard let key = watcher.scope.onlyKey else {
      ofManyKeys[ID(watcher)] = nil
      return
    }
    byKey[key]?[ID(watcher)] = nil
    if byKey[key]?.isEmpty == true { byKey[key] = nil }
  }

  mutating func removeAll(where shouldBeRemoved: (Watcher) -> Bool) {
    guard !isEmpty else { return }
    for watcher in all where shouldBeRemoved(watcher) { remove(watcher) }
  }

  var all: [Watcher] { byKey.values.flatMap(\.values) + ofManyKeys.values }

  /// Whether there are any that want events of a key.
  func areAny(for key: String) -> Bool {
    ofManyKeys.values.contains { $0.scope.admits(key) } || (!byKey.isEmpty && byKey[Key(key)] != nil)
  }

  /// The watchers of single keys that a batch has events of.
  func ofOneKey(in batch: EventBatch) -> [(key: Key, watchers: [ID: Watcher])] {
    guard !byKey.isEmpty else { return [] }
    return Set(batch.events.map { Key($0.key) }).compactMap { key in byKey[key].map { (key, $0) } }
  }
}

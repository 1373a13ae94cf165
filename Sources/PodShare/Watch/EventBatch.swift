/// Events that are handed out together, in the order of their positions.
struct EventBatch {
  private(set) var events: [SharedEvent<ErasedValue>] = []
  /// Indices of the newest event of each key, where its first one was; made when the first asks.
  private var newest: [Int]?

  var count: Int { events.count }

  mutating func append(_ event: SharedEvent<ErasedValue>) {
    events.append(event)
  }

  mutating func takeAll() -> EventBatch {
    defer { self = EventBatch() }
    return self
  }

  /// Those from a position on.
  func events(from position: UInt64) -> ArraySlice<SharedEvent<ErasedValue>> {
    guard let first = events.first, first.position < position else { return events[...] }
    return events[(events.firstIndex { $0.position >= position } ?? events.count)...]
  }

  /// Of those from a position on the newest of each key. The work is done once, for whoever asks first.
  mutating func newestEvents(from position: UInt64) -> ArraySlice<SharedEvent<ErasedValue>> {
    guard events.count > 1 else { return events(from: position) }
    let indices = newest ?? indicesOfNewest()
    newest = indices
    return indices.map { events[$0] }.filter { $0.position >= position }[...]
  }

  private func indicesOfNewest() -> [Int] {
    var places: [Key: Int] = [:]
    var indices: [Int] = []
    for (index, event) in events.enumerated() {
      let key = Key(event.key)
      if let place = places[key] {
        indices[place] = index
      } else {
        places[key] = indices.count
        indices.append(index)
      }
    }
    return indices
  }
}

/// Events that are handed out together, each with its position among all that there ever were: ascending.
struct EventBatch {
  private(set) var events: [SharedEvent<ErasedValue>] = []
  private var positions: [UInt64] = []
  /// Indices of the newest event of each key, where its first one was; made when the first asks.
  private var newest: [Int]?

  var count: Int { events.count }

  mutating func append(_ event: SharedEvent<ErasedValue>, at position: UInt64) {
    events.append(event)
    positions.append(position)
  }

  mutating func takeAll() -> EventBatch {
    defer { self = EventBatch() }
    return self
  }

  /// Those from a position on.
  func events(from position: UInt64) -> ArraySlice<SharedEvent<ErasedValue>> {
    guard let first = positions.first, first < position else { return events[...] }
    return events[(positions.firstIndex { $0 >= position } ?? events.count)...]
  }

  /// Of those from a position on the newest of each key. The work is done once, for whoever asks first.
  mutating func newestEvents(from position: UInt64) -> ArraySlice<SharedEvent<ErasedValue>> {
    guard events.count > 1 else { return events(from: position) }
    let indices = newest ?? indicesOfNewest()
    newest = indices
    return indices.filter { positions[$0] >= position }.map { events[$0] }[...]
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

  /// The events of one key.
  func part(of key: Key) -> EventBatch {
    var part = EventBatch()
    for (index, event) in events.enumerated() where Key(event.key) == key {
      part.append(event, at: positions[index])
    }
    return part
  }
}

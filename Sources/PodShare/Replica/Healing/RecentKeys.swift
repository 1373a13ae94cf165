/// Which keys a pod's last writes were about, by their numbers: so that whoever lacks some of those can be sent what is
/// under their keys now. Bounded; what is older is found by comparing.
struct RecentKeys: Sendable {
  static let capacity = 4_096

  private var keys: [Key] = []
  /// The number of the first write ever.
  private let base: UInt64
  /// The number of the oldest write whose key is kept.
  private var first: UInt64

  /// - Parameter first: The number of the first write there will be.
  init(first: UInt64) {
    base = first
    self.first = first
  }

  /// Adds the key of the next write.
  mutating func append(_ key: Key) {
    if keys.count < Self.capacity {
      keys.append(key)
    } else {
      keys[slot(of: first)] = key
      first += 1
    }
  }

  /// The keys of the writes with these numbers, each once, and of which of the numbers they are.
  func keys(of ranges: [ClosedRange<UInt64>]) -> (keys: [Key], numbers: [ClosedRange<UInt64>]) {
    var found: Set<Key> = []
    var ordered: [Key] = []
    var numbers: [ClosedRange<UInt64>] = []
    for range in ranges {
      guard !keys.isEmpty else { continue }
      let (lower, upper) = (
        max(range.lowerBound, first), min(range.upperBound, first + UInt64(keys.count) - 1)
      )
      guard lower <= upper else { continue }
      numbers.append(lower...upper)
      for number in lower...upper {
        let key = keys[slot(of: number)]
        if found.insert(key).inserted { ordered.append(key) }
      }
    }
    return (ordered, numbers)
  }

  private func slot(of number: UInt64) -> Int {
    Int((number - base) % UInt64(Self.capacity))
  }
}

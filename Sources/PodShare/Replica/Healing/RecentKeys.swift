/// Which keys a pod's last writes were about, by their numbers: so that whoever lacks some of those can be sent what is
/// under their keys now. Bounded; what is older is found by comparing.
///
/// Of each key only its ``StableHash`` is kept, by which the table finds it: a key itself would be held on to, and to do so
/// takes longer than all the rest. Should another key have the same hash, it is sent as well.
struct RecentKeys: Sendable {
  static let capacity = 4_096

  private var hashes: [UInt64] = []
  /// The number of the first write ever.
  private let base: UInt64
  /// The number of the oldest write whose key is kept.
  private var first: UInt64

  /// - Parameter first: The number of the first write there will be.
  init(first: UInt64) {
    base = first
    self.first = first
  }

  /// Adds the hash of the next write's key.
  mutating func append(_ keyHash: UInt64) {
    if hashes.count < Self.capacity {
      hashes.append(keyHash)
    } else {
      hashes[slot(of: first)] = keyHash
      first += 1
    }
  }

  /// The hashes of the keys of the writes with these numbers, each once, and of which of the numbers they are.
  func hashes(of ranges: [ClosedRange<UInt64>]) -> (hashes: [UInt64], numbers: [ClosedRange<UInt64>]) {
    var found: Set<UInt64> = []
    var ordered: [UInt64] = []
    var numbers: [ClosedRange<UInt64>] = []
    for range in ranges {
      guard !hashes.isEmpty else { continue }
      let (lower, upper) = (
        max(range.lowerBound, first), min(range.upperBound, first + UInt64(hashes.count) - 1)
      )
      guard lower <= upper else { continue }
      numbers.append(lower...upper)
      for number in lower...upper {
        let hash = hashes[slot(of: number)]
        if found.insert(hash).inserted { ordered.append(hash) }
      }
    }
    return (ordered, numbers)
  }

  private func slot(of number: UInt64) -> Int {
    Int((number - base) % UInt64(Self.capacity))
  }
}

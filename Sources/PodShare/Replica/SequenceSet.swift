/// A set of sequence numbers as sorted, disjoint, non-adjacent ranges; mostly one range.
///
/// The number of ranges is bounded. What would go beyond is not recorded, which is the harmless direction: a number
/// missing here makes a replica look at a write again, a number too many would make it ignore one.
package struct SequenceSet: Sendable, Equatable {
  package private(set) var ranges: [ClosedRange<UInt64>] = []

  package static let maxRanges = 1_024

  package init() {}

  /// Makes a set from ranges in any order.
  package init(_ ranges: some Sequence<ClosedRange<UInt64>>) {
    for range in ranges { insert(range) }
  }

  /// Whether a number is in the set. O(log ranges).
  package func contains(_ number: UInt64) -> Bool {
    guard let last = ranges.last else { return false }
    if number >= last.lowerBound { return number <= last.upperBound }
    let index = firstIndex { $0.upperBound >= number }
    return index < ranges.count && ranges[index].contains(number)
  }

  /// Adds one number. O(1) for the next one after the greatest.
  package mutating func insert(_ number: UInt64) {
    insert(number...number)
  }

  /// Adds a range of numbers. Returns whether any of them was not in the set.
  @discardableResult
  package mutating func insert(_ range: ClosedRange<UInt64>) -> Bool {
    if let last = ranges.last, range.lowerBound >= last.lowerBound {
      if range.upperBound <= last.upperBound { return false }
      if range.lowerBound <= last.upperBound.saturatingSuccessor {
        ranges[ranges.count - 1] = last.lowerBound...range.upperBound
        return true
      }
    }
    let start = firstIndex { $0.upperBound.saturatingSuccessor >= range.lowerBound }
    var end = start
    var merged = range
    while end < ranges.count, ranges[end].lowerBound <= range.upperBound.saturatingSuccessor {
      merged = min(merged.lowerBound, ranges[end].lowerBound)...max(merged.upperBound, ranges[end].upperBound)
      end += 1
    }
    if end == start + 1, ranges[start] == merged { return false }
    guard end > start || ranges.count < Self.maxRanges else { return true }
    ranges.replaceSubrange(start..<end, with: CollectionOfOne(merged))
    return true
  }

  /// Adds numbers in any order. O(numbers) but for sorting them, and O(ranges) of those they lie among.
  package mutating func insert(_ numbers: [UInt64]) {
    let numbers = numbers.sorted()
    guard let least = numbers.first, let greatest = numbers.last else { return }
    let start = firstIndex { $0.upperBound.saturatingSuccessor >= least }
    let end = firstIndex { $0.lowerBound > greatest.saturatingSuccessor }
    var merged: [ClosedRange<UInt64>] = []
    merged.reserveCapacity(end - start + min(numbers.count, Self.maxRanges - ranges.count))
    var room = Self.maxRanges - ranges.count
    var next = start
    for number in numbers {
      while next < end, ranges[next].lowerBound <= number {
        // Two that were apart have met.
        if !merged.append(joining: ranges[next]) { room += 1 }
        next += 1
      }
      // Beyond the bound it is recorded where it makes no range of its own.
      let isNextToOne = next < end && ranges[next].lowerBound == number.saturatingSuccessor
      if room > 0 || isNextToOne || merged.last.map({ number <= $0.upperBound.saturatingSuccessor }) ?? false,
        merged.append(joining: number...number)
      {
        room -= 1
      }
    }
    for range in ranges[next..<end] { merged.append(joining: range) }
    ranges.replaceSubrange(start..<end, with: merged)
  }

  /// Adds all numbers of another set.
  package mutating func formUnion(_ other: SequenceSet) {
    for range in other.ranges { insert(range) }
  }

  private func firstIndex(where predicate: (ClosedRange<UInt64>) -> Bool) -> Int {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if predicate(ranges[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension UInt64 {
  fileprivate var saturatingSuccessor: UInt64 { self == .max ? .max : self + 1 }
}

extension [ClosedRange<UInt64>] {
  /// Appends a range that does not begin before the last one, or makes one of the two if nothing lies between them. Returns
  /// whether it was appended.
  @discardableResult
  fileprivate mutating func append(joining range: ClosedRange<UInt64>) -> Bool {
    guard let last, range.lowerBound <= last.upperBound.saturatingSuccessor else {
      append(range)
      return true
    }
    self[count - 1] = last.lowerBound...Swift.max(last.upperBound, range.upperBound)
    return false
  }
}

/// Which writes a replica has taken in: for each author's incarnation the sequence numbers whose effect is in the
/// table, be it as an entry, as one since replaced, or as one since deleted and collected.
///
/// So a write that was seen and whose key was deleted since is known for what it is, long after its tombstone has
/// been collected. (Almeida, Shoker, Baquero: "Delta state replicated data types", 2018.)
///
/// A number is only ever added when its effect is in the table: added too soon, it would lose a write.
package struct CausalContext: Sendable {
  package private(set) var seen: [PodIdentity: SequenceSet] = [:]
  /// Where the numbers are that were last added to: mostly the next are of the same author. Good until an author is added.
  private var last: (author: PodIdentity, index: Dictionary<PodIdentity, SequenceSet>.Index)?

  package static let maxAuthors = 16_384

  package init() {}

  /// Whether the effect of a write is in the table.
  package func contains(_ version: Version) -> Bool {
    seen[version.author]?.contains(version.sequence) ?? false
  }

  /// What there was to record, and what there is now.
  package struct Insertion {
    /// Some of it was not known.
    package var isNew = true
    /// None of the author's numbers before its last one is missing.
    package var isContiguous = true
  }

  /// Records that the effect of a write is in the table.
  @discardableResult
  package mutating func insert(_ version: Version) -> Insertion {
    insert(version.sequence...version.sequence, of: version.author)
  }

  /// Records that the effect of merged writes is in the table.
  mutating func insert(_ numbers: MergedNumbers) {
    last = nil
    for author in numbers.authors where !author.merged.isEmpty && canRecord(author.identity) {
      seen[author.identity, default: SequenceSet()].insert(author.merged)
    }
  }

  /// Not if its incarnation is not known: then its numbers may come again.
  private func canRecord(_ author: PodIdentity) -> Bool {
    author.hasKnownIncarnation && (seen.count < Self.maxAuthors || seen[author] != nil)
  }

  /// Records a range of an author's numbers, unless its incarnation is not known: then they may come again.
  @discardableResult
  package mutating func insert(_ range: ClosedRange<UInt64>, of author: PodIdentity) -> Insertion {
    if let last, last.author == author {
      return seen.values[last.index].insert(range, first: author.incarnation &+ 1)
    }
    guard canRecord(author) else { return Insertion() }
    defer { last = seen.index(forKey: author).map { (author, $0) } }
    return seen[author, default: SequenceSet()].insert(range, first: author.incarnation &+ 1)
  }

  /// The last of an author's numbers that is in it. O(1).
  func last(of author: PodIdentity) -> UInt64? {
    seen[author]?.ranges.last?.upperBound
  }

  /// Which of an author's numbers are not in it, up to its last; at most ``SyncMessage/Limits/ranges`` ranges.
  func missing(of author: PodIdentity, upTo last: UInt64) -> [ClosedRange<UInt64>] {
    // An author numbers its writes from the one after its incarnation.
    var next = author.incarnation + 1
    guard author.hasKnownIncarnation, last >= next else { return [] }
    var missing: [ClosedRange<UInt64>] = []
    for range in seen[author]?.ranges ?? [] {
      if range.lowerBound > last { break }
      if range.lowerBound > next { missing.append(next...(range.lowerBound - 1)) }
      guard range.upperBound < last, missing.count < SyncMessage.Limits.ranges else { return missing }
      next = range.upperBound + 1
    }
    missing.append(next...last)
    return missing
  }

  /// A hash that is the same on every pod with an equal context. O(authors).
  var digest: UInt64 {
    seen.reduce(0) { sum, element in
      element.value.ranges.reduce(sum) { sum, range in
        var hash = DigestHash(element.key.digest)
        hash.combine(range.lowerBound)
        hash.combine(range.upperBound)
        return sum ^ hash.value
      }
    }
  }

  /// Whether another context contains all that this one does. O(ranges).
  func isSubset(of other: CausalContext) -> Bool {
    var union = other
    union.formUnion(self)
    return union == other
  }

  /// Takes over another replica's context. Only sound where the effect of all that it has seen is in this
  /// replica's table too: where they hold the same entries.
  package mutating func formUnion(_ other: CausalContext) {
    for (author, numbers) in other.seen {
      for range in numbers.ranges { insert(range, of: author) }
    }
  }
}

extension CausalContext: Equatable {
  package static func == (lhs: CausalContext, rhs: CausalContext) -> Bool { lhs.seen == rhs.seen }
}

extension CausalContext: CustomStringConvertible {
  /// The authors in an order of their own, so that it is the same in every process.
  package var description: String {
    seen.map { "\($0.key): \($0.value.ranges)" }.sorted().joined(separator: ", ")
  }
}

extension SequenceSet {
  fileprivate mutating func insert(_ range: ClosedRange<UInt64>, first: UInt64) -> CausalContext.Insertion {
    let isNew = insert(range)
    return .init(isNew: isNew, isContiguous: ranges.count == 1 && ranges[0].lowerBound == first)
  }
}

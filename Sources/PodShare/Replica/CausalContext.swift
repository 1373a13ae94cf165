/// Which writes a replica has taken in: for each author's incarnation the sequence numbers whose effect is in the
/// table, be it as an entry, as one since replaced, or as one since deleted and collected.
///
/// So a write that was seen and whose key was deleted since is known for what it is, long after its tombstone has
/// been collected. (Almeida, Shoker, Baquero: "Delta state replicated data types", 2018.)
///
/// A number is only ever added when its effect is in the table: added too soon, it would lose a write.
package struct CausalContext: Sendable, Equatable {
  package private(set) var seen: [PodIdentity: SequenceSet] = [:]

  package static let maxAuthors = 16_384

  package init() {}

  /// Whether the effect of a write is in the table.
  package func contains(_ version: Version) -> Bool {
    seen[version.author]?.contains(version.sequence) ?? false
  }

  /// Records that the effect of a write is in the table.
  package mutating func insert(_ version: Version) {
    insert(version.sequence...version.sequence, of: version.author)
  }

  /// Records a range of an author's numbers, unless its incarnation is not known: then they may come again.
  package mutating func insert(_ range: ClosedRange<UInt64>, of author: PodIdentity) {
    guard author.hasKnownIncarnation else { return }
    guard seen.count < Self.maxAuthors || seen[author] != nil else { return }
    seen[author, default: SequenceSet()].insert(range)
  }

  /// Takes over another replica's context. Only sound once all of that replica's entries have been merged.
  package mutating func formUnion(_ other: CausalContext) {
    for (author, numbers) in other.seen {
      for range in numbers.ranges { insert(range, of: author) }
    }
  }
}

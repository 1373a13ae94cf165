/// The numbers of the writes that are being merged, gathered so that they go into the ``CausalContext`` together: when the
/// effect of all of them is in the table.
struct MergedNumbers {
  struct Author {
    let identity: PodIdentity
    /// What the context held of this author's when the merge began.
    let seen: SequenceSet
    var merged: [UInt64] = []
  }

  private(set) var authors: [Author] = []
  /// Where those are.
  private var places: [PodIdentity: Int] = [:]
  private var last = 0

  /// Whether the effect of a write was in the table when the merge began.
  mutating func wasSeen(_ version: Version, in context: CausalContext) -> Bool {
    find(version.author, in: context)
    return authors[last].seen.contains(version.sequence)
  }

  mutating func append(_ version: Version, in context: CausalContext) {
    find(version.author, in: context)
    authors[last].merged.append(version.sequence)
  }

  /// Mostly the next write is by the same author.
  private mutating func find(_ author: PodIdentity, in context: CausalContext) {
    guard last == authors.count || authors[last].identity != author else { return }
    if let place = places[author] {
      last = place
      return
    }
    last = authors.count
    places[author] = last
    authors.append(Author(identity: author, seen: context.seen[author] ?? SequenceSet()))
  }
}

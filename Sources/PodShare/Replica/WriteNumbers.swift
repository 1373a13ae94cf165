/// Numbers of writes on their way into a ``CausalContext``, gathered so that they go in together.
struct WriteNumbers {
  private(set) var ofAuthors: [(author: PodIdentity, numbers: [UInt64])] = []
  /// Where those are.
  private var places: [PodIdentity: Int] = [:]
  private var last = 0

  mutating func append(_ version: Version) {
    // Mostly the next is by the same author.
    if last == ofAuthors.count || ofAuthors[last].author != version.author {
      last = place(of: version.author)
    }
    ofAuthors[last].numbers.append(version.sequence)
  }

  private mutating func place(of author: PodIdentity) -> Int {
    if let place = places[author] { return place }
    places[author] = ofAuthors.count
    ofAuthors.append((author, []))
    return ofAuthors.count - 1
  }
}

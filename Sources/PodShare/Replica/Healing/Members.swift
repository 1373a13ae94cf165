/// The other pods of the topic, as far as they have been heard of lately.
struct Members: Sendable {
  struct Member: Sendable {
    let identity: PodIdentity
    /// The newest.
    var heartbeat: SyncMessage.Heartbeat
    /// The tick in which it came.
    var lastHeard: Int
    /// The heartbeat that the last comparison with this pod went by.
    var comparedAt: UInt64?
    /// The digests with which a comparison brought nothing: only when one of them changes is it worth another. Two pods
    /// can differ for good, such as two builds of which one cannot decode what the other joins.
    var settledDifference: Roots?
    /// What was asked of it about its own writes, and in which tick.
    var missing: (id: UInt64, answer: AnswerProgress, asked: Int)?
  }

  struct Roots: Sendable, Equatable {
    var mine: UInt64
    var theirs: UInt64
  }

  /// Beyond this many, others are not taken note of: they are whoever a hostile pod makes up.
  static let limit = 4_096

  /// By identity, so that what is drawn at random does not depend on this process's hashing.
  private(set) var all: [Member] = []

  subscript(identity: PodIdentity) -> Member? {
    get {
      let index = index(of: identity)
      return index < all.count && all[index].identity == identity ? all[index] : nil
    }
    set {
      let index = index(of: identity)
      let isThere = index < all.count && all[index].identity == identity
      switch (isThere, newValue) {
      case (true, .some(let member)): all[index] = member
      case (true, nil): all.remove(at: index)
      case (false, .some(let member)): if all.count < Self.limit { all.insert(member, at: index) }
      case (false, nil): break
      }
    }
  }

  /// Forgets those who have not been heard of since a tick. Returns them.
  mutating func removeSilent(since tick: Int) -> [PodIdentity] {
    let silent = all.filter { $0.lastHeard < tick }.map(\.identity)
    if !silent.isEmpty { all.removeAll { $0.lastHeard < tick } }
    return silent
  }

  mutating func forgetSettledDifferences() {
    for index in all.indices { all[index].settledDifference = nil }
  }

  private func index(of identity: PodIdentity) -> Int {
    var (low, high) = (0, all.count)
    while low < high {
      let middle = (low + high) / 2
      if all[middle].identity.precedes(identity) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension PodIdentity {
  fileprivate func precedes(_ other: PodIdentity) -> Bool {
    switch nodeIDOrder(to: other) {
    case .before: true
    case .after: false
    case .same: incarnation < other.incarnation
    }
  }
}

/// Which chunks of an answer have come.
struct AnswerProgress: Sendable {
  private var answer: UInt64?
  private var received: Set<Int> = []
  private var count: Int?
  private var closing = CausalContext()

  /// Takes note of a chunk. Returns what the answer says at its end when this makes it whole.
  mutating func receive(_ chunk: StateChunk, at position: StateChunk.Position) -> CausalContext? {
    if answer == nil { answer = position.answer }
    guard position.answer == answer else { return nil }
    let isNew = received.insert(position.index).inserted
    if let closing = chunk.closing {
      count = position.index + 1
      self.closing = closing
    }
    // Indices are below the count if they are of this answer.
    return isNew && received.count == count ? closing : nil
  }
}

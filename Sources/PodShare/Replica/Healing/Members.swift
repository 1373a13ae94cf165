/// The other pods of the topic, as far as they have been heard of lately.
struct Members: Sendable {
  struct Member: Sendable {
    let identity: PodIdentity
    /// The newest.
    var heartbeat: SyncMessage.Heartbeat
    /// The tick in which it came.
    var lastHeard: Int
    /// When it came, by this pod's clock.
    var lastSeen: Timestamp
    /// When it last said that it held what this pod held, by this pod's clock.
    var lastEqual: Timestamp?
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

  /// Forgets those who have not been heard of since a tick. Returns whether there were any.
  mutating func removeSilent(since tick: Int) -> Bool {
    let count = all.count
    all.removeAll { $0.lastHeard < tick }
    return all.count < count
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
  func precedes(_ other: PodIdentity) -> Bool {
    switch nodeIDOrder(to: other) {
    case .before: true
    case .after: false
    case .same: incarnation < other.incarnation
    }
  }
}

/// Which chunks have come that answer a question; it may be answered more than once.
struct AnswerProgress: Sendable {
  private struct Answer {
    var received: Set<Int> = []
    var count: Int?
    var closing = CausalContext()
  }

  private static let maxAnswers = 8
  private var answers: [UInt64: Answer] = [:]

  /// Whether anything has come.
  var hasBegun: Bool { !answers.isEmpty }

  /// Takes note of a chunk. Returns what the answer says at its end when this makes it whole.
  mutating func receive(_ chunk: StateChunk, at position: StateChunk.Position) -> CausalContext? {
    guard answers[position.answer] != nil || answers.count < Self.maxAnswers else { return nil }
    var answer = answers[position.answer, default: Answer()]
    let isNew = answer.received.insert(position.index).inserted
    if let closing = chunk.closing {
      answer.count = position.index + 1
      answer.closing = closing
    }
    answers[position.answer] = answer
    // Indices are below the count if they are of this answer.
    return isNew && answer.received.count == answer.count ? answer.closing : nil
  }
}

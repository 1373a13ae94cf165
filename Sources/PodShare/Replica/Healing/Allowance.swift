/// What a replica does at others' bidding within one tick, so that no peer can make it work, or send, without end.
///
/// An answer can be much larger than its question: a whole state for forty bytes. So each pod is granted so many answers
/// of a kind a tick, and all pods together some times as many, whatever names they go by. Whoever is refused asks again
/// later, as with a message that was lost. The numbers are far above what pods need that only heal.
struct Allowance: Sendable {
  enum Answer: Int, CaseIterable, Sendable {
    case heartbeat, receipt, context, differences, entries, recentEntries, state, corrections

    /// How many one pod is granted in a tick.
    var limit: Int {
      switch self {
      case .heartbeat: 16
      case .receipt: 64
      case .context, .recentEntries: 8
      case .differences: 2_048
      case .entries, .corrections: 512
      case .state: 2
      }
    }

    /// How many all pods are granted in a tick.
    var limitOfAll: Int {
      switch self {
      case .heartbeat: Members.limit
      // A whole fleet may start at once.
      case .state: 256
      case .receipt, .context, .recentEntries, .differences, .entries, .corrections: limit * 8
      }
    }
  }

  private var granted: [PodIdentity: Counts] = [:]
  private var grantedToAll = Counts()

  private struct Counts {
    private var counts = InlineArray<8, Int32>(repeating: 0)

    subscript(answer: Answer) -> Int32 {
      get { counts[answer.rawValue] }
      set { counts[answer.rawValue] = newValue }
    }
  }

  /// Whether a pod is given one more answer of a kind in this tick.
  mutating func grant(_ answer: Answer, to pod: PodIdentity) -> Bool {
    // Beyond that many pods, others are granted nothing.
    guard grantedToAll[answer] < answer.limitOfAll, granted.count < Members.limit || granted[pod] != nil
    else { return false }
    var counts = granted[pod] ?? Counts()
    guard counts[answer] < answer.limit else { return false }
    counts[answer] += 1
    granted[pod] = counts
    grantedToAll[answer] += 1
    return true
  }

  /// A new tick begins.
  mutating func renew() {
    if !granted.isEmpty { granted.removeAll(keepingCapacity: granted.count <= 64) }
    grantedToAll = Counts()
  }
}

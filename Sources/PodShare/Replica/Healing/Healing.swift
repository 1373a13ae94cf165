/// What a replica knows of the others, and what it is doing to become equal to them.
///
/// Three mechanisms, each with one job. A pod whose *numbers* are missing here is asked for them (``RecentKeys``): that
/// repairs a lost message within a round trip. A pod whose *root* differs is compared with, bucket by bucket
/// (``Comparing``): that finds whatever differs, for whatever reason. A pod that has only begun has another's state
/// *streamed* to it (``Joining``). What is found out is told by heartbeats, and everything else follows from messages, so
/// that a pod needs no clock but a tick for each sync interval, and one short wait.
struct Healing: Sendable {
  /// A comparison with one pod, led by this one: questions, one at a time.
  struct Comparing: Sendable {
    let peer: PodIdentity
    /// The question that is not answered yet.
    var question: SyncMessage.Content?
    var id: UInt64
    var answer = AnswerProgress()
    /// How often it was asked again.
    var repetitions = 0
    /// Buckets that are known to differ.
    var buckets: [Bucket] = []
    /// The keys of which the other holds something else.
    var wanted: [UInt64] = []
    /// The tick of the last answer.
    var lastProgress: Int
    /// The refresh that this one answers.
    var search: Int
    /// The two digests when it began.
    var roots: Members.Roots
    /// How many entries had come by healing when it began.
    let entriesBefore: UInt64
    /// Whether, if nothing has changed here by its end, there is nothing that the other could give.
    var isConclusive = true
  }

  /// The state of another pod that is streaming in.
  struct Joining: Sendable {
    let source: PodIdentity
    let id: UInt64
    var answer = AnswerProgress()
    /// Keys here that have not come in the stream: if the other has seen their entries, it has seen them deleted.
    var unconfirmed: Set<Key>
    /// The tick in which it was asked for.
    let asked: Int
    var lastProgress: Int
  }

  /// What was taken in of what a transport had kept.
  struct Loaded: Sendable {
    /// What those have seen who kept it.
    let context: CausalContext
    /// Keys here that were not among it.
    let missing: Set<Key>
    let tick: Int
  }

  struct LastPushed {
    let peer: PodIdentity
    /// The digest of the entry.
    let hash: UInt64
    let tick: Int
  }

  /// How many ticks without an answer until somebody else is asked.
  static let patience = 2
  /// How many ticks a stream may stop; the other may be busy.
  static let patienceWithStream = 5
  /// How often a question that is not answered is asked again while the other is there: each is one message, which may be
  /// lost, of a comparison that takes many.
  static let repetitions = 2
  /// How many ticks without a heartbeat until a pod counts as gone.
  static let memory = 6
  /// How many comparisons a replica begins in one tick.
  static let comparisonsPerTick = 6
  /// How often an entry goes to and fro between two pods that each know it better.
  static let maxHops: UInt8 = 6
  /// How many of those that differ a replica compares itself with before it says that it is caught up.
  static let comparedWithWhenJoining = 4
  /// How many keys are kept for which the merge function turned out not to be a join.
  static let maxUnjoinable = 1_024

  var random: SplitMix
  var members = Members()
  var tick = 0
  var counter: UInt64 = 0
  var contextHash: UInt64 = 0
  var comparing: Comparing?
  var joining: Joining?
  /// Those whose streams stopped, in this search for a source.
  var unreliableSources: Set<PodIdentity> = []
  var comparisonsBegun = 0
  var allowance = Allowance()
  var hasOfferedContext = false
  var isWaking = false
  /// Those of whom it is not known yet, after a stream's end, what they hold beyond it.
  var notCompared: Set<PodIdentity> = []
  /// The greatest of this pod's numbers up to which another has confirmed to have them all; its incarnation if none.
  var confirmed: UInt64
  /// Of keys whose values two pods could not make equal by joining them, the version: they are left until written.
  var unjoinable: [Key: Version] = [:]
  /// Of keys whose entries have gone to and fro nearly as often as they may: what was sent last.
  var lastPushed: [Key: LastPushed] = [:]
  /// How often somebody asked for a comparison, and how often that came about.
  var searches = 0
  var searchesDone = 0
  /// Joining has come to its end, whether or not anybody was there.
  var isSettled = false
  /// What a transport has kept is being taken in: only then is anybody asked for the rest.
  var isLoading = false
  /// What a transport had kept, and whether to trust it is not clear yet.
  var loaded: Loaded?
  /// Joining has taken so long that nobody waits for it any more.
  var isOverdue = false
  /// While others are given the time to answer.
  var lookingAround: LookingAround?
  /// A look is to come.
  var isLookDue = false
  /// Somebody else's state has come whole, or was found equal, or was compared with to the end.
  var hasFoundSomebody = false
  /// This replica held what the others held that it had heard of when it joined, or more.
  var isCaughtUp = false

  init(seed: UInt64, incarnation: UInt64) {
    random = SplitMix(seed: seed)
    confirmed = incarnation
  }
}

/// What a replica counts about healing.
package struct HealingCounters: Sendable, Equatable {
  /// Comparisons begun.
  package var comparisons: UInt64 = 0
  /// Entries that came by healing and changed something here.
  package var entriesReceived: UInt64 = 0
  /// Entries sent to others by healing.
  package var entriesSent: UInt64 = 0
  /// Requests for missing numbers.
  package var gaps: UInt64 = 0
  /// Parts of the state that is streamed to a pod when it joins.
  package var streamed: UInt64 = 0
  /// Parts of what comparisons asked for.
  package var wanted: UInt64 = 0
  /// Pods that were not heard of any more and had not said goodbye.
  package var vanished: UInt64 = 0
  /// Entries dropped because another pod had seen them deleted.
  package var dropped: UInt64 = 0
}

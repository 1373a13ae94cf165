/// How far a replica has come in taking over what the others hold.
///
/// It asks all pods, merges every answer as it comes (an empty one can therefore never beat a full one), and counts
/// as caught up with the first whole answer of a pod that has itself finished joining. Two ticks later it asks once
/// more: a write that was sent while this pod could not hear it, and was then still on its way to the pod that
/// answered, is in the second answer.
struct CatchUp {
  private struct AnswerID: Hashable {
    var sender: PodIdentity
    var answer: UInt64
  }

  private struct Answer {
    var received: Set<Int> = []
    var chunks: Int?
    var context: CausalContext?
    var isWhole: Bool {
      guard let chunks, received.count == chunks else { return false }
      return (0..<chunks).allSatisfy(received.contains)
    }
  }

  private struct Search {
    let id: UInt64
    var answers: [AnswerID: Answer] = [:]
    var hasWholeAnswer = false
    var ticksWithoutProgress = 0
    var repetitions = 0
  }

  private static let maxAnswers = 1_024
  /// How many ticks an answer may stop in the middle before all pods are asked again.
  private static let patience = 5
  private static let maxRepetitions = 30
  /// More than one, so that a whole tick lies in between.
  private static let secondLook = 2

  private var search: Search?
  /// How often all pods have been asked, repetitions not counted.
  private(set) var searches = 0
  /// Counted down by ticks; at zero it is time for a second look.
  private var ticksUntilSecondLook: Int?

  /// Joining has come to its end, whether or not anybody was there.
  private(set) var isSettled = false
  /// Some pod's whole state has been merged since this replica began.
  private(set) var isCaughtUp = false

  /// Begins to look, under a number drawn for this request, and means to look again later.
  mutating func begin(id: UInt64) {
    search = Search(id: id)
    searches += 1
    ticksUntilSecondLook = Self.secondLook
  }

  /// Takes note of a chunk. Returns its sender's context when that made the sender's answer whole.
  mutating func received(_ chunk: StateChunk) -> CausalContext? {
    guard let position = chunk.position, position.request == search?.id, var search else { return nil }
    let id = AnswerID(sender: chunk.sender, answer: position.answer)
    guard search.answers[id] != nil || search.answers.count < Self.maxAnswers else { return nil }
    var answer = search.answers[id, default: Answer()]
    guard !answer.isWhole else { return nil }
    answer.received.insert(position.index)
    if let context = chunk.closing {
      answer.chunks = position.index + 1
      answer.context = context
    }
    search.ticksWithoutProgress = 0
    if answer.isWhole { search.hasWholeAnswer = true }
    search.answers[id] = answer
    self.search = search
    return answer.isWhole ? answer.context : nil
  }

  /// An answer has been merged whole. Returns true when the replica is caught up by it and was not before.
  mutating func merged(fromSettledPod: Bool) -> Bool {
    guard !isCaughtUp, fromSettledPod || isSettled else { return false }
    isSettled = true
    isCaughtUp = true
    return true
  }

  /// Nobody who has finished joining answered in time. Returns true when the replica is caught up all the same,
  /// because all who answered were joining too.
  mutating func deadlineReached() -> Bool {
    guard !isSettled else { return false }
    isSettled = true
    return search?.hasWholeAnswer == true && merged(fromSettledPod: false)
  }

  /// Somebody is there after all: the next tick asks again. Not at once, or two pods that are both looking would keep
  /// each other asking.
  mutating func heardOfAnother() {
    search?.repetitions = 0
  }

  /// A tick has passed. Returns the number to ask (again) under, if it is time: `fresh`, or that of a request to
  /// which nobody has answered yet.
  mutating func tick(fresh: UInt64) -> UInt64? {
    guard var search else { return nil }
    if search.hasWholeAnswer {
      guard let ticks = ticksUntilSecondLook else { return nil }
      ticksUntilSecondLook = ticks > 1 ? ticks - 1 : nil
      guard ticks == 1 else { return nil }
      self.search = Search(id: fresh)
      return fresh
    }
    guard search.repetitions < Self.maxRepetitions else { return nil }
    search.ticksWithoutProgress += 1
    defer { self.search = search }
    guard search.ticksWithoutProgress >= (search.answers.isEmpty ? 1 : Self.patience) else { return nil }
    search.ticksWithoutProgress = 0
    search.repetitions += 1
    return search.id
  }
}

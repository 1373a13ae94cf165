import PodShare
import PodShareTestKit
import Testing

@testable import PodShare

@Suite("P7, P8: a peer cannot make a replica work or send without end", .timeLimit(.minutes(1)))
struct BoundedWorkTests {
  private typealias TestReplica = Replica<SimulatedStorage<Int>>

  private static let wall = Timestamp(nanoseconds: 1_800_000_000_000_000_000)

  private func replica(entries: Int) throws -> TestReplica {
    var outbox = Outbox<Int>()
    var replica = TestReplica(
      identity: PodIdentity(nodeID: "victim", incarnation: 1_000), options: .forSimulation,
      storage: SimulatedStorage(.table), now: Self.wall, seed: 1)
    try replica.seed((0..<entries).map { (Key("\($0)"), $0) }, asOf: .earliest, outbox: &outbox)
    replica.connected(outbox: &outbox)
    replica.joinDeadlineReached(outbox: &outbox)
    _ = replica.takeUnsent()
    return replica
  }

  /// One of each kind of question, none of them like another.
  private func questions(_ number: UInt64) -> [SyncMessage.Content] {
    [
      .heartbeat(
        .init(
          counter: number, root: number, tombstones: 0, contextHash: number, lastSequence: number,
          isSettled: true,
          isCaughtUp: true, wantsReply: true)),
      .comparison(.init(id: number, items: [.init(bucket: .root, hash: number)])),
      .differences(.init(id: number, items: [])),
      .want(.init(id: number, keyHashes: [StableHash.hash(Key("\(number % 100)"))])),
      .missing(.init(id: number, numbers: [1_001...2_000])),
      .context(.init(root: number, tombstones: 0, context: CausalContext(), wantsReply: true)),
      .forgotten(.init(entries: [.init(keyHash: number, hash: number)])),
      .receipt(.init(root: number, lastSequence: 0, isQuestion: true)),
      .goodbye,
    ]
  }

  /// How many answers of a kind the replica gives in one tick to 6,000 questions.
  private func answers(from names: UInt64) throws -> [Allowance.Answer: Int] {
    var replica = try replica(entries: 1_000)
    var outbox = Outbox<Int>()
    for number in 0..<600 as Range<UInt64> {
      let sender = PodIdentity(nodeID: "peer \(number % names)", incarnation: 7)
      for content in questions(number) {
        replica.receive(SyncMessage(sender: sender, content), wall: Self.wall, outbox: &outbox)
      }
      replica.receive(StateRequest(sender: sender, id: number), outbox: &outbox)
    }
    #expect(replica.counters.keys == 1_000)
    var answers: [Allowance.Answer: Int] = [:]
    for action in outbox.actions {
      switch action {
      case .send(.heartbeat, .some): answers[.heartbeat, default: 0] += 1
      case .send(.context, _): answers[.context, default: 0] += 1
      case .send(.differences, _): answers[.differences, default: 0] += 1
      case .answerWith(_, _, let closing, _):
        answers[closing.seen.isEmpty ? .entries : .recentEntries, default: 0] += 1
      case .answer: answers[.state, default: 0] += 1
      default: break
      }
    }
    return answers
  }

  @Test("Of 600 questions of a kind in one tick a peer gets so many answered as it is granted")
  func onePeer() throws {
    let answers = try answers(from: 1)
    #expect(answers[.state] == Allowance.Answer.state.limit)
    #expect(answers[.heartbeat] == Allowance.Answer.heartbeat.limit)
    #expect(answers[.recentEntries] == Allowance.Answer.recentEntries.limit)
    #expect(answers[.entries] == Allowance.Answer.entries.limit)
    #expect(answers[.differences] == 600)
  }

  @Test("A peer that calls itself by two hundred names gets no more than a fleet may have in all")
  func manyNames() throws {
    let answers = try answers(from: 200)
    #expect(answers[.state] == Allowance.Answer.state.limitOfAll)
    #expect(answers[.recentEntries] == Allowance.Answer.recentEntries.limitOfAll)
  }

  @Test("The next tick, questions are answered again")
  func nextTick() throws {
    var replica = try replica(entries: 10)
    let peer = PodIdentity(nodeID: "peer", incarnation: 7)
    func states() -> Int {
      var outbox = Outbox<Int>()
      for id in 0..<100 as Range<UInt64> {
        replica.receive(StateRequest(sender: peer, id: id), outbox: &outbox)
      }
      return outbox.count
    }
    let first = states()
    #expect(first == Allowance.Answer.state.limit)
    #expect(states() == 0)
    var outbox = Outbox<Int>()
    replica.tick(outbox: &outbox)
    #expect(states() == first)
  }

  @Test("Replayed messages of a whole life of a fleet change nothing")
  func replay() throws {
    let fleet = SimulatedFleet<Int>(seed: 5, options: .forSimulation)
    fleet.conditions.lateDuplication = 1
    fleet.conditions.lateDelay = 20...40
    let pods = try (0..<3).map { try fleet.start("pod \($0)", codec: BigEndianCodec()) }
    for number in 0..<60 {
      let action: LocalChange<Int>.Action = number % 5 == 0 ? .delete : .set(number)
      _ = try fleet.write([LocalChange(key: Key("\(number % 8)"), action: action)], on: pods[number % 3])
      try fleet.run(for: .milliseconds(100))
    }
    fleet.conditions.lateDuplication = 0
    try fleet.run(for: .seconds(5))
    let before = pods.map { $0.replica.snapshot().mapValues(\.version) }
    #expect(before[0] == before[1] && before[1] == before[2])
    let entriesBefore = pods.map { $0.replica.counters.appliedWrites }
    try fleet.run(for: .seconds(60))
    #expect(pods.map { $0.replica.snapshot().mapValues(\.version) } == before)
    #expect(pods.map { $0.replica.counters.appliedWrites } == entriesBefore)
  }
}

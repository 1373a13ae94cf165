import PodShareTestKit
import Testing

@testable import PodShare

@Suite("Catching up")
struct CatchUpTests {
  private static let other = PodIdentity(nodeID: "b", incarnation: 7)

  private func answer(to request: UInt64) -> StateChunk {
    StateChunk(
      sender: Self.other, position: .init(request: request, answer: request + 100, index: 0), isSettled: true,
      entries: [], closing: CausalContext())
  }

  /// The numbers of the searches that were answered, by the actions of an outbox.
  private func answered(_ outbox: Outbox<Int>) -> [Int] {
    outbox.actions.compactMap { if case .answered(let search) = $0 { search } else { nil } }
  }

  @Test("An answer is told under the number of the request it is for, and not as one to a later request")
  func numbers() {
    var replica = Replica(
      identity: PodIdentity(nodeID: "a", incarnation: 1),
      options: ReplicaOptions(merge: nil, tombstoneTTL: .seconds(60), maxClockSkew: .seconds(60)),
      storage: DictionaryStorage<Int>(), now: .earliest)
    var outbox = Outbox<Int>()
    let first = replica.requestState(id: 1, outbox: &outbox)
    replica.receive(answer(to: 1), entries: [], wall: .earliest, outbox: &outbox)
    let second = replica.requestState(id: 2, outbox: &outbox)
    #expect(first < second)
    #expect(answered(outbox) == [first])
    // Late, and to what nobody waits for any more.
    replica.receive(answer(to: 1), entries: [], wall: .earliest, outbox: &outbox)
    #expect(answered(outbox) == [first])
    replica.receive(answer(to: 2), entries: [], wall: .earliest, outbox: &outbox)
    #expect(answered(outbox) == [first, second])
  }
}

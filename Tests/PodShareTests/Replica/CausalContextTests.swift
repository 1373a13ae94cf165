import PodShareTestKit
import Testing

@testable import PodShare

@Suite("CausalContext")
struct CausalContextTests {
  @Test(
    "It holds what was recorded, whoever's numbers come after whose, and a copy goes its own way",
    arguments: 0..<100 as Range<UInt64>)
  func model(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var contexts = [(context: CausalContext(), model: [PodIdentity: Set<UInt64>]())]
    for _ in 0..<300 {
      let index = Int.random(in: contexts.indices, using: &generator)
      let author = PodIdentity(nodeID: "pod", incarnation: UInt64.random(in: 0..<20, using: &generator))
      let first = UInt64.random(in: 1...30, using: &generator) + author.incarnation
      let range = first...(first + UInt64.random(in: 0...2, using: &generator))
      switch Int.random(in: 0..<10, using: &generator) {
      case 0 where contexts.count < 5:
        contexts.append(contexts[index])
      case 1:
        let other = contexts[Int.random(in: contexts.indices, using: &generator)]
        contexts[index].context.formUnion(other.context)
        contexts[index].model.merge(other.model) { $0.union($1) }
      default:
        let isNew = !contexts[index].model[author, default: []].isSuperset(of: range)
        contexts[index].model[author, default: []].formUnion(range)
        #expect(contexts[index].context.insert(range, of: author).isNew == isNew, "seed \(seed)")
      }
    }
    for (context, model) in contexts {
      let held = context.seen.mapValues { numbers in Set(numbers.ranges.flatMap { Array($0) }) }
      #expect(held == model, "seed \(seed)")
      var again = CausalContext()
      for (author, numbers) in model { for number in numbers { again.insert(number...number, of: author) } }
      #expect(again == context && again.digest == context.digest, "seed \(seed)")
    }
  }
}

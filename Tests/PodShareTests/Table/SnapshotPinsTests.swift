import PodShareTestKit
import Testing

@testable import PodShare

@Suite("Which commits snapshots look at")
struct SnapshotPinsTests {
  @Test(
    "The newest that sees a cell is found among any number, in whichever order they are dropped",
    arguments: 1...20 as ClosedRange<UInt64>)
  func newest(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let pins = SnapshotPins()
    var model: [UInt64] = []
    var published: UInt64 = 0
    for step in 0..<500 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<3:
        published += UInt64.random(in: 1...3, using: &random)
        pins.publish(published)
      case 3..<6:
        model.append(pins.pin())
        #expect(model.last == published, "seed \(seed), step \(step)")
      case 6..<8:
        guard let index = model.indices.randomElement(using: &random) else { continue }
        let number = model.remove(at: index)
        pins.unpin(number)
        // Nothing has been replaced since the newest commit.
        let isOfConcern = number < published && !model.contains(number)
        #expect(pins.takeDropped(atMost: 9) == (isOfConcern ? [number] : []), "seed \(seed), step \(step)")
      default:
        let birth = UInt64.random(in: 0...published + 1, using: &random)
        let end = UInt64.random(in: 0...published + 1, using: &random)
        let expected = model.filter { $0 < end }.max().flatMap { $0 >= birth ? $0 : nil }
        #expect(pins.newest(since: birth, before: end) == expected, "seed \(seed), step \(step)")
        #expect(pins.areAny == !model.isEmpty, "seed \(seed), step \(step)")
      }
    }
  }

  @Test("Of many that are dropped at once the writer takes a part at a time")
  func parts() {
    let pins = SnapshotPins()
    for number in 1...100 as ClosedRange<UInt64> {
      pins.publish(number)
      _ = pins.pin()
    }
    pins.publish(101)
    for number in 1...100 as ClosedRange<UInt64> { pins.unpin(number) }
    var taken: Set<UInt64> = []
    while pins.areDropped {
      #expect(pins.areAny)
      let part = pins.takeDropped(atMost: 16)
      #expect(part.count <= 16 && taken.isDisjoint(with: part))
      taken.formUnion(part)
    }
    #expect(taken == Set(1...100) && !pins.areAny)
  }

  @Test("Snapshots that come and go between two commits leave the writer nothing to do")
  func betweenCommits() {
    let pins = SnapshotPins()
    pins.publish(1)
    for _ in 0..<20_000 { pins.unpin(pins.pin()) }
    #expect(!pins.areAny && !pins.areDropped)
    pins.publish(2)
    #expect(!pins.areAny && !pins.areDropped)
  }
}

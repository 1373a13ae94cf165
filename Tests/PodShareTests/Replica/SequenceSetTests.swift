import PodShare
import PodShareTestKit
import Testing

@Suite("SequenceSet")
struct SequenceSetTests {
  @Test(
    "It holds what a plain set holds, whatever the order of insertion", arguments: 0..<40 as Range<UInt64>)
  func model(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var set = SequenceSet()
    var model: Set<UInt64> = []
    for _ in 0..<400 {
      let lower = UInt64.random(in: 0..<300, using: &generator)
      let upper = lower + UInt64.random(in: 0..<6, using: &generator)
      set.insert(lower...upper)
      model.formUnion(lower...upper)
      let probe = UInt64.random(in: 0..<310, using: &generator)
      #expect(set.contains(probe) == model.contains(probe), "seed \(seed), number \(probe)")
    }
    for number in 0..<310 as Range<UInt64> {
      #expect(set.contains(number) == model.contains(number), "seed \(seed), number \(number)")
    }
    expectCanonical(set, "seed \(seed)")
  }

  @Test("The union of two holds what either holds", arguments: 0..<40 as Range<UInt64>)
  func union(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    func random() -> ([ClosedRange<UInt64>], SequenceSet) {
      let ranges = (0..<20).map { _ -> ClosedRange<UInt64> in
        let lower = UInt64.random(in: 0..<200, using: &generator)
        return lower...(lower + UInt64.random(in: 0..<10, using: &generator))
      }
      return (ranges, SequenceSet(ranges))
    }
    let (leftRanges, left) = random()
    let (rightRanges, right) = random()
    var union = left
    union.formUnion(right)
    #expect(union == SequenceSet(rightRanges + leftRanges), "seed \(seed)")
    for number in 0..<220 as Range<UInt64> {
      #expect(
        union.contains(number) == (left.contains(number) || right.contains(number)),
        "seed \(seed), number \(number)")
    }
    expectCanonical(union, "seed \(seed)")
  }

  @Test(
    "Numbers that go in together are what they are one by one, in whatever order",
    arguments: 0..<40 as Range<UInt64>)
  func together(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var (together, oneByOne) = (SequenceSet(), SequenceSet())
    for _ in 0..<20 {
      let numbers = (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
        UInt64.random(in: 0..<500, using: &generator)
      }
      together.insert(numbers)
      for number in numbers { oneByOne.insert(number) }
      #expect(together == oneByOne, "seed \(seed)")
    }
    expectCanonical(together, "seed \(seed)")
  }

  @Test("P7: of numbers that go in together, too, what is beyond the bound is forgotten")
  func boundTogether() {
    var set = SequenceSet()
    set.insert((0..<5_000 as Range<UInt64>).map { $0 * 4 })
    #expect(set.ranges.count == SequenceSet.maxRanges)
    let recorded = set.ranges
    // What makes a range longer, or one of two, is taken even then, and makes room.
    let joining: [UInt64] = [1, 7, 9, 10, 11, 13, 14, 15]
    let apart: [UInt64] = [2_002, 10_002, 20_002]
    set.insert(apart + joining.reversed())
    #expect(set.ranges.count == SequenceSet.maxRanges)
    #expect(recorded.allSatisfy { set.contains($0.lowerBound) })
    #expect(joining.allSatisfy(set.contains))
    #expect(apart.map(set.contains) == [true, true, false])
    #expect(
      set.ranges.joined().allSatisfy { $0.isMultiple(of: 4) || joining.contains($0) || apart.contains($0) })
    expectCanonical(set, "at the bound")
  }

  @Test("Numbers in a row are one range")
  func row() {
    var set = SequenceSet()
    for number in 1...10_000 as ClosedRange<UInt64> { set.insert(number) }
    #expect(set.ranges == [1...10_000])
  }

  @Test("The greatest number there is is a number like any other")
  func extremes() {
    var set = SequenceSet()
    set.insert(.max)
    set.insert(.max - 1)
    set.insert(.min)
    set.insert(.max)
    #expect(set.ranges == [0...0, (.max - 1)...(.max)])
    var together = SequenceSet()
    together.insert([.max, .min, .max - 1, .max])
    #expect(together == set)
    set.insert(0...UInt64.max)
    #expect(set.ranges == [0...UInt64.max])
    set.insert(5)
    #expect(set.ranges.count == 1)
  }

  @Test("P7: the number of ranges is bounded; what is beyond is forgotten, never invented")
  func bound() {
    var set = SequenceSet()
    for index in 0..<5_000 as Range<UInt64> { set.insert(index * 2) }
    #expect(set.ranges.count == SequenceSet.maxRanges)
    #expect((0..<10_000 as Range<UInt64>).allSatisfy { !set.contains($0) || $0.isMultiple(of: 2) })
    // What joins ranges is taken even then, and makes room.
    set.insert(1)
    #expect(set.contains(1))
    #expect(set.ranges.count == SequenceSet.maxRanges - 1)
    set.insert(20_000)
    #expect(set.contains(20_000))
  }

  private func expectCanonical(_ set: SequenceSet, _ comment: Comment) {
    for (left, right) in zip(set.ranges, set.ranges.dropFirst()) {
      #expect(left.upperBound + 1 < right.lowerBound, comment)
    }
  }
}

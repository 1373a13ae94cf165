import Testing

@testable import PodShare

@Suite("Piles of cells")
struct CellPileTests {
  private func cell(_ number: UInt) -> Cell { Cell(bits: number << 4)! }

  @Test("What was added last comes first, however long the pile is", arguments: [0, 1, 4_096, 4_097, 20_000])
  func order(count: UInt) {
    var pile = CellPile()
    for number in 0..<count { pile.append(cell(number + 1)) }
    #expect(pile.count == count && pile.isEmpty == (count == 0))
    for number in (0..<count).reversed() { #expect(pile.popLast() == cell(number + 1)) }
    #expect(pile.popLast() == nil && pile.isEmpty && pile.count == 0)
  }

  @Test("A pile is put on another one as it is, and both go on")
  func piles() {
    var pile = CellPile()
    var model: [UInt] = []
    for (round, size) in [5, 0, 9_000, 1, 4_096].enumerated() {
      var other = CellPile()
      for number in 0..<UInt(size) {
        let number = UInt(round + 1) * 100_000 + number
        other.append(cell(number))
        model.append(number)
      }
      pile.append(other)
      pile.append(cell(UInt(round + 1)))
      model.append(UInt(round + 1))
      for _ in 0..<min(3, model.count) { #expect(pile.popLast() == model.popLast().map(cell)) }
    }
    #expect(pile.count == model.count)
    while let number = model.popLast() { #expect(pile.popLast() == cell(number)) }
    #expect(pile.isEmpty)
  }
}

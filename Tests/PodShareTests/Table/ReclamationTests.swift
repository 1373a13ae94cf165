import PodShareTestKit
import Testing

@testable import PodShare

@Suite("What the table has replaced is freed when no reader can hold it, and then it is")
struct ReclamationTests {
  private let census = Counted.Census()
  private let table = Table<Counted>()

  private func replace(_ writer: inout Table<Counted>.Writer, times: Int) {
    for number in 0..<times { writer.commit(.value(census.new(number)), forKey: Key("k")) }
    for _ in 0..<4 {
      _ = writer.tidy()
      table.freeUnreachable()
    }
  }

  @Test("Without readers, all but the present value goes")
  func nobody() {
    var writer = Table<Counted>.Writer(table)
    replace(&writer, times: 100)
    #expect(census.alive == 1)
  }

  @Test("A reader holds up what is replaced while it is there, and it alone; nobody waits")
  func oneReader() {
    var writer = Table<Counted>.Writer(table)
    replace(&writer, times: 10)
    table.withValue(forKey: "k") { value in
      replace(&writer, times: 100)
      #expect(value.isAlive && value.number == 9)
      #expect(census.alive == 101)
    }
    replace(&writer, times: 1)
    #expect(census.alive == 1)
  }

  @Test("A reader that was held up between learning the phase and entering it is waited for")
  func straggler() {
    var writer = Table<Counted>.Writer(table)
    replace(&writer, times: 1)
    let straggler = table.erased.cells.enter(phase: table.erased.cells.idlePhase)
    replace(&writer, times: 100)
    #expect(census.alive == 101)
    straggler.end()
    replace(&writer, times: 1)
    #expect(census.alive == 1)
  }

  @Test("Readers that come without a break, one before the other has left, hold up nothing for long")
  func overlappingReaders() {
    var writer = Table<Counted>.Writer(table)
    var previous = table.erased.cells.enter()
    for _ in 0..<200 {
      let next = table.erased.cells.enter()
      previous.end()
      previous = next
      replace(&writer, times: 1)
    }
    #expect(census.alive < 20)
    previous.end()
  }

  @Test("An author whom no entry names any more is let go")
  func authors() {
    var writer = Table<Counted>.Writer(table)
    for number in 0..<100 {
      let author = PodIdentity(nodeID: "pod \(number)", incarnation: UInt64(number))
      writer.commit(.value(census.new(), 1, by: author), forKey: Key("k"))
    }
    #expect(table.entry(forKey: Key("k"))?.version.origin == "pod 99")
    for _ in 0..<4 { _ = writer.tidy() }
    #expect(table.erased.origins.count == 1)
  }
}

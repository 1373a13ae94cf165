import PodShare
import PodShareTestKit
import Testing

@Suite("Snapshots of the table")
struct TableSnapshotTests {
  private func contents(_ snapshot: TypedTableSnapshot<Int>) -> [String: Int?] {
    Dictionary(uniqueKeysWithValues: snapshot.map { ($0.key.string, $0.value.value) })
  }

  @Test("Each snapshot goes on showing its own moment, whatever is put, replaced, removed and put anew")
  func moments() {
    let table = Table<Int>()
    var writer = Table.Writer(table)
    let empty = table.snapshot()
    writer.commit(.value(1, 1), forKey: Key("a"))
    let first = table.snapshot()
    writer.commit([Key("a"): .value(2, 2), Key("b"): .value(3, 2)])
    let second = table.snapshot()
    writer.commit(.tombstone(3), forKey: Key("a"))
    let third = table.snapshot()
    writer.remove(forKey: Key("a"))
    let fourth = table.snapshot()
    writer.commit(.value(5, 4), forKey: Key("a"))
    let fifth = table.snapshot()
    for _ in 0..<2 {
      #expect(contents(empty) == [:])
      #expect(contents(first) == ["a": 1])
      #expect(contents(second) == ["a": 2, "b": 3])
      #expect(contents(third) == ["a": nil, "b": 3])
      #expect(contents(fourth) == ["b": 3])
      #expect(contents(fifth) == ["a": 5, "b": 3])
      #expect(first[Key("a")]?.value == 1 && second[Key("a")]?.value == 2 && fourth[Key("a")] == nil)
      #expect(third[Key("a")]?.isTombstone == true && fifth[Key("a")]?.value == 5)
      while writer.tidy() == .ready {}
    }
  }

  @Test("A snapshot shows its moment through any growth of the table, even while it is walked through")
  func growth() {
    let table = Table<Int>()
    var writer = Table.Writer(table)
    for number in 0..<1_000 { writer.commit(.value(number), forKey: Key("\(number)")) }
    let snapshot = table.snapshot()
    var walk = snapshot.makeIterator()
    var seen: [String: Int?] = [:]
    for number in 0..<1_000 {
      if let (key, entry) = walk.next() { #expect(seen.updateValue(entry.value, forKey: key.string) == nil) }
      for more in 0..<20 {
        writer.commit(.value(-1), forKey: Key("more \(number) \(more)"))
      }
      writer.commit(.value(-2), forKey: Key("\(number)"))
    }
    while let (key, entry) = walk.next() { #expect(seen.updateValue(entry.value, forKey: key.string) == nil) }
    #expect(seen == Dictionary(uniqueKeysWithValues: (0..<1_000).map { (String($0), $0) }))
    #expect(contents(snapshot) == seen)
    #expect(writer.count == 21_000)
  }

  @Test("Snapshots let go of what they alone held, in whatever order they go", arguments: 0..<6)
  func lettingGo(order: Int) {
    let census = Counted.Census()
    let table = Table<Counted>()
    var writer = Table<Counted>.Writer(table)
    var snapshots: [TypedTableSnapshot<Counted>?] = []
    for round in 0..<3 {
      for key in 0..<100 { writer.commit(.value(census.new(round)), forKey: Key("\(key)")) }
      snapshots.append(table.snapshot())
    }
    for key in 0..<100 { writer.commit(.value(census.new(3)), forKey: Key("\(key)")) }
    func settle() {
      for _ in 0..<100 {
        _ = writer.tidy()
        table.freeUnreachable()
      }
    }
    settle()
    #expect(census.alive == 400)
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    for (gone, index) in orders[order].enumerated() {
      snapshots[index] = nil
      settle()
      #expect(census.alive == 300 - 100 * gone)
      for (round, snapshot) in snapshots.enumerated() {
        #expect(snapshot.map { $0.allSatisfy { $0.value.value?.number == round } } ?? true)
      }
    }
  }

  @Test("A removed key leaves nothing behind once no snapshot sees it")
  func removedKeys() {
    let census = Counted.Census()
    let table = Table<Counted>()
    var writer = Table<Counted>.Writer(table)
    for round in 0..<50 {
      writer.commit(.value(census.new(round)), forKey: Key("k"))
      let snapshot = table.snapshot()
      writer.commit(.tombstone(), forKey: Key("k"))
      let later = round.isMultiple(of: 2) ? table.snapshot() : nil
      writer.remove(forKey: Key("k"))
      #expect(writer.count == 0 && writer.entry(forKey: Key("k")) == nil)
      #expect(snapshot[Key("k")]?.value?.number == round)
      #expect(later?[Key("k")]?.isTombstone ?? true)
    }
    for _ in 0..<10 {
      _ = writer.tidy()
      table.freeUnreachable()
    }
    #expect(census.alive == 0)
    #expect(table.snapshot().dictionary.isEmpty)
  }

  @Test(
    "However many snapshots of one key are dropped, and in whatever order, what each held is let go of at once"
  )
  func manyOfOneKey() {
    var random = SeededGenerator(seed: 1)
    let census = Counted.Census()
    let table = Table<Counted>()
    var writer = Table<Counted>.Writer(table)
    var snapshots: [TableSnapshot] = []
    for number in 0..<50_000 {
      writer.commit(.value(census.new(number)), forKey: Key("k"))
      snapshots.append(table.erased.snapshot())
    }
    snapshots.shuffle(using: &random)
    #expect(census.alive == 50_000)
    let time = ContinuousClock().measure {
      snapshots = []
      while writer.tidy() == .ready {}
      for _ in 0..<4 { _ = writer.tidy() }
      table.freeUnreachable()
    }
    #expect(census.alive == 1)
    // Looking for each by going through all that are left takes a minute.
    #expect(time < .seconds(5))
  }
}

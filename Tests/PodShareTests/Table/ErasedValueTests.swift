import PodShareTestKit
import Testing

@testable import PodShare

@Suite("Values whose type is forgotten")
struct ErasedValueTests {
  private struct Nothing: Equatable {}

  private struct Odd: Equatable {
    var text: String
    var flag: Bool
  }

  private func check<Value: Sendable & Equatable>(_ first: Value, _ second: Value) {
    let table = Table<Value>()
    var writer = Table<Value>.Writer(table)
    // Keys of all lengths, so that what lies behind a value is anywhere.
    let keys = (0..<40).map { Key(String(repeating: "k", count: $0)) }
    for key in keys { writer.commit(.value(first, 1), forKey: key) }
    for key in keys.prefix(20) { writer.commit(.value(second, 2), forKey: key) }
    for (number, key) in keys.enumerated() {
      let value = number < 20 ? second : first
      #expect(table.value(forKey: key.string) == value)
      #expect(table.value(forKey: PreparedKey(key.string)) == value)
      #expect(table.withValue(forKey: key.string) { $0 == value } == true)
      #expect(table.entry(forKey: key)?.value == value)
    }
  }

  @Test("They are read as they were written, whatever their size and alignment")
  func layouts() {
    check(Nothing(), Nothing())
    check(true, false)
    check(Odd(text: "a text too long to be kept in place", flag: true), Odd(text: "", flag: false))
    check(Int128(1), Int128.max)
    check(SIMD2<Double>(1, 2), SIMD2<Double>(3, 4))
    check(SIMD8<Double>(repeating: 1), SIMD8<Double>(repeating: 2))
    check(SIMD64<UInt8>(repeating: 1), SIMD64<UInt8>(repeating: 2))
    check([1, 2, 3], [])
    check(nil as String?, "a text too long to be kept in place")
  }

  @Test(
    "A value goes into the table as the object that it is in; a second time, or for another key, as a copy")
  func objects() throws {
    let census = Counted.Census()
    let table = Table<Counted>()
    var writer = ErasedTable.Writer(table.erased)
    func value(_ key: String) throws -> ErasedValue {
      try #require(table.erased.entry(forKey: Key(key))?.value)
    }
    do {
      let counted = census.new(7)
      let erased = ErasedValue(counted, forKey: Key("a"), as: table.erased.type)
      writer.commit(.value(erased, 1), forKey: Key("a"))
      writer.commit(.value(erased, 2), forKey: Key("b"))
      #expect(try value("a").object === erased.object)
      #expect(try value("b").object !== erased.object)
      writer.commit(.value(erased, 3), forKey: Key("a"))
      #expect(try value("a").object !== erased.object)
      for key in ["a", "b"] { #expect(try value(key).value(as: Counted.self) === counted) }
    }
    let kept = try value("b")
    writer.remove(forKey: Key("a"))
    writer.remove(forKey: Key("b"))
    for _ in 0..<4 {
      _ = writer.tidy()
      table.freeUnreachable()
    }
    #expect(census.alive == 1)
    #expect(kept.value(as: Counted.self).isAlive)
    withExtendedLifetime(kept) {}
  }
}

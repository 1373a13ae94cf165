import PodShare
import PodShareTestKit
import Testing

@Suite("checkJoinLaws")
struct JoinLawsTests {
  private func laws<Value>(_ values: [Value], _ join: (Value, Value) -> Value) -> [JoinLaw]
  where Value: Sendable & Equatable {
    do {
      try checkJoinLaws(of: join, on: values)
      return []
    } catch {
      return error.violations.map(\.law)
    }
  }

  @Test("Joins pass: union, maximum, a map of joins, the later of two stamps")
  func joins() throws {
    try checkJoinLaws(of: Merge<Set<Int>> { $0.union($1) }, on: [[], [1], [1, 2], [3]])
    try checkJoinLaws(of: { max($0, $1) }, on: [0, 1, -1, .max])
    try checkJoinLaws(
      of: { $0.merging($1) { max($0, $1) } }, on: [[:], ["a": 1], ["a": 2, "b": 0], ["b": 3], ["c": 1]])
    try checkJoinLaws(of: { $0 > $1 ? $0 : $1 }, on: ["", "a", "b"])
  }

  @Test("A check on no values is an error, not a success")
  func noValues() {
    #expect {
      try checkJoinLaws(of: { max($0, $1) }, on: [Int]())
    } throws: { error in
      "\(error)" == "there are no values to try the merge on"
    }
  }

  @Test("Each law is found broken by itself")
  func eachLaw() {
    #expect(laws([1, 2, 3], { $0 + $1 }) == [.idempotence])
    #expect(laws([1, 2, 3], { present, _ in present }) == [.commutativity])
    #expect(laws([1.0, 2, 4], { ($0 + $1) / 2 }) == [.associativity])
  }

  @Test("A list that is appended to breaks two laws, and both are told")
  func append() {
    #expect(laws([[1], [2]], { $0 + $1 }) == [.idempotence, .commutativity])
  }

  @Test("What only goes wrong with values that were joined is found")
  func joinedValues() {
    // Right for the singletons that are given, wrong for sets of two.
    func join(_ a: Set<Int>, _ b: Set<Int>) -> Set<Int> {
      a == b && a.count == 2 ? [] : a.union(b)
    }
    #expect(laws([[1], [2]], join).contains(.idempotence))
  }

  @Test("The error names the law, the values and what both sides gave")
  func description() {
    func text<Value: Sendable & Equatable>(_ values: [Value], _ join: (Value, Value) -> Value) -> String {
      do {
        try checkJoinLaws(of: join, on: values)
        return "none"
      } catch {
        return "\(error)"
      }
    }
    #expect(text([3], { $0 + $1 }) == "the merge is not idempotent: with a = 3, join(a, a) is 6, not a")
    #expect(
      text([1, 2], { present, _ in present })
        == "the merge is not commutative: with a = 2, b = 1, join(a, b) is 2, but join(b, a) is 1")
    #expect(
      text([1.0, 2], { ($0 + $1) / 2 })
        == "the merge is not associative: with a = 1.0, b = 1.0, c = 2.0, join(join(a, b), c) is 1.5, "
        + "but join(a, join(b, c)) is 1.25")
    #expect(
      text([[1], [2]], { $0 + $1 }).split(separator: "\n").map { $0.prefix(30) } == [
        "the merge is not idempotent: w", "the merge is not commutative: ",
      ])
  }

  @Test("However many values there are, the merge is called a bounded number of times")
  func bound() throws {
    var calls = 0
    try checkJoinLaws(
      of: { (a: Set<Int>, b: Set<Int>) in
        calls += 1
        return a.union(b)
      }, on: (0..<200).map { [$0] })
    #expect(100_000...150_000 ~= calls)
  }
}

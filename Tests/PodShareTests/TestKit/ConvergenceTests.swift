import NIOCore
import PodShare
import PodShareTestKit
import Testing

@Suite("checkConvergence")
struct ConvergenceTests {
  private struct Flag: Codable, Hashable {
    var name: String
    var isOn: Bool
  }

  private func error<Value: Codable & Sendable & Equatable>(
    _ values: [Value], _ merge: Merge<Value>?, seeds: ClosedRange<UInt64> = 1...20
  ) -> ConvergenceError? {
    do {
      try checkConvergence(of: values, merge: merge, seeds: seeds)
      return nil
    } catch {
      return error
    }
  }

  @Test("Values that come back from their codec converge, the later write winning")
  func laterWins() throws {
    try checkConvergence(
      of: [Flag(name: "a", isOn: true), Flag(name: "a", isOn: false), Flag(name: "", isOn: true)],
      seeds: 1...8)
    try checkConvergence(of: [1], seeds: 1...5)
    try checkConvergence(of: [1, 2], seeds: 1...5, pods: 1...1)
  }

  @Test("Joins converge, and lose nothing")
  func joins() throws {
    try checkConvergence(of: [[1], [2, 3], [3]], merge: Merge<Set<Int>> { $0.union($1) }, seeds: 1...8)
    try checkConvergence(of: [3, 1, 2], merge: Merge { max($0, $1) }, seeds: 1...8, pods: 3...5)
  }

  @Test("What is no join is caught: a sum, an average, a list that is appended to, the first to come")
  func nonJoins() {
    #expect(error([1, 2, 3], Merge { $0 &+ $1 }) != nil)
    #expect(error([1.0, 2, 4], Merge { ($0 + $1) / 2 }) != nil)
    #expect(error([[1], [2], [3]], Merge { $0 + $1 }) != nil)
    #expect(error([1, 2, 3], Merge { present, _ in present }) != nil)
  }

  @Test("The error names the seed, which replays it exactly, and ends with what happened")
  func replay() throws {
    let merge = Merge<[Int]> { $0 + $1 }
    let failure = try #require(error([[1], [2], [3]], merge))
    let seed = try #require(failure.seed)
    let again = try #require(error([[1], [2], [3]], merge, seeds: seed...seed))
    #expect("\(again)" == "\(failure)")
    #expect(!failure.log.isEmpty && failure.log.count <= 60)
    #expect("\(failure)".contains("replay with seeds: \(seed)...\(seed)"))
    #expect("\(failure)".hasPrefix(failure.reason + "\n"))
  }

  private struct Forgetful: Codec {
    struct Refusal: Error {}

    func encode(_ value: Int, into buffer: inout ByteBuffer) throws {
      guard value >= 0 else { throw Refusal() }
      buffer.writeInteger(UInt8(truncatingIfNeeded: value))
    }

    func decode(_ bytes: ByteBuffer) throws -> Int {
      Int(bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) ?? 0)
    }
  }

  @Test("A codec that does not give back what it was given is caught before anything is run")
  func codec() throws {
    try checkConvergence(of: [1, 255], codec: Forgetful(), seeds: 1...3)
    let changed = #expect(throws: ConvergenceError.self) {
      try checkConvergence(of: [1, 256], codec: Forgetful())
    }
    #expect(changed.map { "\($0)" } == "the codec turns 256 into 0")
    #expect(changed?.seed == nil)
    let thrown = #expect(throws: ConvergenceError.self) {
      try checkConvergence(of: [1, -1], codec: Forgetful())
    }
    #expect(thrown.map { "\($0)" } == "the codec throws for -1: Refusal()")
    #expect(error([Int](), nil).map { "\($0)" } == "there is no value to write")
    #expect(throws: ConvergenceError.self) { try checkConvergence(of: [1], pods: 0...2) }
  }
}

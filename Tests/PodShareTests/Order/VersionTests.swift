import PodShare
import Testing

@Suite("Version")
struct VersionTests {
  private func version(_ time: Int64, _ nodeID: String, _ sequence: UInt64) -> Version {
    Version(
      timestamp: Timestamp(nanoseconds: time), author: PodIdentity(nodeID: nodeID, incarnation: 0),
      sequence: sequence)
  }

  @Test("Versions compare by timestamp, then by node ID, then by sequence")
  func order() {
    let ascending = [
      version(1, "b", 9), version(2, "a", 5), version(2, "a", 6), version(2, "b", 1), version(3, "a", 0),
    ]
    for (i, left) in ascending.enumerated() {
      for (j, right) in ascending.enumerated() {
        #expect((left < right) == (i < j))
        #expect((left == right) == (i == j))
      }
    }
  }

  @Test("Node IDs compare by their bytes, as they do in every other language")
  func bytewise() {
    // Swift's own order on strings follows canonical equivalence: "é" composed equals "é" decomposed.
    let composed = version(1, "caf\u{e9}", 1)
    let decomposed = version(1, "cafe\u{301}", 1)
    #expect(composed != decomposed)
    #expect(decomposed < composed)
    #expect(version(1, "Z", 1) < version(1, "a", 1))
    #expect(version(1, "a", 1) < version(1, "ab", 0))
    // In UTF-16 order the first would be the greater.
    #expect(version(1, "\u{ff5e}", 1) < version(1, "\u{1f600}", 1))
  }

  @Test("Two lives of one pod have one place in the order and are told apart as identities")
  func incarnations() {
    let first = PodIdentity(nodeID: "a", incarnation: 1)
    let second = PodIdentity(nodeID: "a", incarnation: 2)
    #expect(first != second)
    #expect(first.nodeIDOrder(to: second) == .same)
    #expect(PodIdentity(nodeID: "a", incarnation: 1) == first)
  }

  @Test("Equal versions hash alike")
  func hashing() {
    let left = version(1, String("ab".reversed()), 2)
    let right = version(1, "ba", 2)
    #expect(left == right)
    #expect(Set([left, right]).count == 1)
  }
}

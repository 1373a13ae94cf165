import Testing

@testable import PodShare

@Suite("Pod identities")
struct PodIdentityTests {
  @Test(
    "Two of one node ID and incarnation are the same, however they were made and however long the name is")
  func same() {
    for nodeID in [
      "a", "deployment-7d9c5b6f4-x2x9z-of-a-long-name", "\u{e9}", String(repeating: "n", count: 255),
    ] {
      // Of another string's memory.
      let copy = String(decoding: Array(nodeID.utf8), as: UTF8.self)
      let (one, other) = (
        PodIdentity(nodeID: nodeID, incarnation: 7), PodIdentity(nodeID: copy, incarnation: 7)
      )
      #expect(one == other && one.hashValue == other.hashValue)
      #expect(one.nodeID == nodeID && one.nodeIDOrder(to: other) == .same && one.hasNodeID(of: other))
      #expect(one.digest == StableHash.hash(Key(nodeID)))
      #expect(one != PodIdentity(nodeID: nodeID, incarnation: 8))
      #expect(one.hasNodeID(of: PodIdentity(ofUnknownIncarnation: nodeID)))
    }
  }

  @Test("Names that only Unicode takes for the same are two, in the order of their bytes")
  func bytes() {
    let composed = PodIdentity(nodeID: "\u{e9}", incarnation: 7)
    let decomposed = PodIdentity(nodeID: "e\u{301}", incarnation: 7)
    #expect(composed != decomposed && !composed.hasNodeID(of: decomposed))
    #expect(decomposed.nodeIDOrder(to: composed) == .before && composed.nodeIDOrder(to: decomposed) == .after)
  }

  @Test("Of the names that others bring there are only so many; those that are known stay known")
  func limit() throws {
    let names = NodeNames(limit: 2)
    let first = try #require(names.heard("first-of-a-long-name"))
    #expect(names.heard("second") != nil && names.heard("third") == nil)
    #expect(names.heard("first-of-a-long-name") == first)
    #expect(Key("third").withSpan(names.known) == nil && Key("second").withSpan(names.known) != nil)
    #expect(names.given("own").string == "own" && names.heard("own") == names.given("own"))
  }

  @Test("Pods without a name are told apart by their numbers, and are nobody's authors")
  func unnamed() {
    let (one, other) = (PodIdentity(unnamed: 1), PodIdentity(unnamed: 2))
    #expect(one != other && one == PodIdentity(unnamed: 1) && !one.hasKnownIncarnation)
    #expect(one != PodIdentity(ofUnknownIncarnation: ""))
  }

  @Test("Threads that hear of a name at the same time know it as one")
  func threads() async {
    let name = "heard-of-by-many-\(UInt64.random(in: 0 ... .max))"
    let identities = await withTaskGroup { group in
      for _ in 0..<32 { group.addTask { PodIdentity(nodeID: name, incarnation: 1) } }
      return await group.reduce(into: Set<PodIdentity>()) { $0.insert($1) }
    }
    #expect(identities.count == 1)
  }
}

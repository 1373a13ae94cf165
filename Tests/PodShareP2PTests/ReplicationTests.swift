import NIOCore
import PodShare
import PodShareP2P
import Testing

@Suite("Stores over a mesh", .timeLimit(.minutes(1)))
struct ReplicationTests {
  @Test("A write on one pod is seen on the other, both ways")
  func twoPods() async throws {
    let a = try await TestPod.start("a")
    let b = try await TestPod.start("b", peers: [try a.address])
    let storeA = try await a.join("numbers", of: Int.self)
    let storeB = try await b.join("numbers", of: Int.self)
    try storeA.set("one", to: 1)
    try storeB.set("two", to: 2)
    await eventually("a has both") { storeA["two"] == 2 }
    await eventually("b has both") { storeB["one"] == 1 }
    try await storeA.close()
    try await storeB.close()
    try await a.close()
    try await b.close()
    #expect(a.reported.isEmpty, "\(a.reported)")
    #expect(b.reported.isEmpty, "\(b.reported)")
  }
}

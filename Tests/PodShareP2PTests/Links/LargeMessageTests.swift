import NIOConcurrencyHelpers
import NIOCore
import PodShare
import PodShareP2P
import Testing

@Suite("Messages of all sizes", .timeLimit(.minutes(1)))
struct LargeMessageTests {
  @Test("Messages of any size arrive whole, the largest of 64 MiB too")
  func allSizes() async throws {
    let a = try await TestPod.start("a")
    let b = try await TestPod.start("b", peers: [try a.address])
    await a.waitForLinks(["b"])
    let sizes = NIOLockedValueBox<[Int]>([])
    let subscription = try await b.transport.subscribe(to: "sizes") { event in
      if case .message(let bytes) = event { sizes.withLockedValue { $0.append(bytes.readableBytes) } }
    }
    let part = 64 * 1_024
    let all = [
      0, 1, part - 1, part, part + 1, 2 * part, 2 * part + 1, 150_000, 5_000_000, 64 * 1_024 * 1_024,
    ]
    for size in all {
      #expect(a.transport.publish(ByteBuffer(repeating: 7, count: size), to: "sizes") == .accepted)
    }
    await eventually("all have come", within: .seconds(10)) { sizes.withLockedValue { Set($0) } == Set(all) }
    #expect(sizes.withLockedValue { $0.count } == all.count)
    subscription.cancel()
    for pod in [a, b] { try await pod.close() }
  }
}

import PodShare
import Testing

// The code of "How fast it is, and why".

@Suite("The documentation's code: how fast it is")
struct HowFastItIsPageTests {
  private struct Limits: Codable {
    var requestsPerSecond: Int
  }

  @Test("Reading without copying, and with a prepared key")
  func withoutCopying() async throws {
    let store = try await Store<Limits>.join("limits", over: MemoryTransport())
    try store.set("global", to: Limits(requestsPerSecond: 100))
    let rate = 101
    do {
      // shown
      let isOver = store.withValue(forKey: "global") { limits in limits.requestsPerSecond < rate } ?? false
      // end
      #expect(isOver)
    }
    do {
      // shown
      let global = PreparedKey("global")
      let isOver = store.withValue(forKey: global) { limits in limits.requestsPerSecond < rate } ?? false
      // end
      #expect(isOver)
    }
  }
}

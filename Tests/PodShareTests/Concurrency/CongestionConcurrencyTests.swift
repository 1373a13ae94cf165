import Dispatch
import NIOConcurrencyHelpers
import PodShare
import Testing

@Suite("Concurrency: stores that are written faster than they can send")
struct CongestionConcurrencyTests {
  @Test("P7: two stores that several threads flood keep each other waiting for moments only")
  func twoFloods() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    let b: Pod<Int> = try await network.pod("b")
    let slowest = await flood([a.store, a.store, b.store, b.store], writes: 6_000)
    // Each delivery used to wait for the other store's outbox: a set took twenty seconds.
    #expect(slowest < .seconds(5))
    await eventually("both hold the same") { a.store.contents == b.store.contents }
    try await a.store.flush()
    try await b.store.flush()
    #expect(a.store.count == 10)
  }

  /// Writes on each store from a thread of its own. Returns how long the slowest write took.
  private func flood(_ stores: [Store<Int>], writes: Int) async -> Duration {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        let slowest = NIOLockedValueBox(Duration.zero)
        DispatchQueue.concurrentPerform(iterations: stores.count) { index in
          var mine = Duration.zero
          for number in 0..<writes {
            let start = ContinuousClock.now
            _ = try? stores[index].set("\(number % 10)", to: number)
            mine = max(mine, ContinuousClock.now - start)
          }
          let worst = mine
          slowest.withLockedValue { $0 = max($0, worst) }
        }
        continuation.resume(returning: slowest.withLockedValue { $0 })
      }
    }
  }
}

import Foundation

/// Runs `body` on as many threads as told, and returns how long it took until all were done.
///
/// Threads of its own: tasks may be put one after the other on one thread.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) async -> Duration {
  await withCheckedContinuation { continuation in
    Thread.detachNewThread {
      let ready = DispatchSemaphore(value: 0)
      let go = DispatchSemaphore(value: 0)
      let done = DispatchSemaphore(value: 0)
      for index in 0..<count {
        let thread = Thread {
          ready.signal()
          go.wait()
          body(index)
          done.signal()
        }
        thread.stackSize = 1 << 20
        thread.start()
      }
      for _ in 0..<count { ready.wait() }
      let start = ContinuousClock.now
      for _ in 0..<count { go.signal() }
      for _ in 0..<count { done.wait() }
      continuation.resume(returning: ContinuousClock.now - start)
    }
  }
}

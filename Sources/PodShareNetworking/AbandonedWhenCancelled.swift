/// Does something that may not heed cancellation, such as a call that blocks a thread of its own. When the task is
/// cancelled this throws `CancellationError` at once, and nobody waits for what comes of the work.
package func abandonedWhenCancelled<Result: Sendable>(
  _ work: @escaping @Sendable () async throws -> Result
) async throws -> Result {
  let (results, continuation) = AsyncThrowingStream<Result, any Error>.makeStream()
  let working = Task {
    do {
      continuation.yield(try await work())
      continuation.finish()
    } catch {
      continuation.finish(throwing: error)
    }
  }
  defer { working.cancel() }
  for try await result in results { return result }
  throw CancellationError()
}

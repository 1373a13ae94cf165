import NIOConcurrencyHelpers

/// Work too long for the thread that found it: done one piece after the other, by a task that lives as long as there
/// is any.
final class BackgroundQueue: Sendable {
  private struct Job {
    var source: PodIdentity?
    var work: @Sendable () async -> Void
  }

  private struct State {
    var jobs: [Job] = []
    var isRunning = false
  }

  /// Beyond this, what other pods ask for is not taken on; they ask again.
  private static let maxRequests = 256

  private let state = NIOLockedValueBox(State())

  /// Adds work that must be done.
  func submit(_ work: @escaping @Sendable () async -> Void) {
    add(Job(source: nil, work: work))
  }

  /// Adds work that another pod has asked for, in place of what it has asked for before if that is still waiting.
  func submit(onceFor source: PodIdentity, _ work: @escaping @Sendable () async -> Void) {
    add(Job(source: source, work: work))
  }

  private func add(_ job: Job) {
    let mustStart = state.withLockedValue { state in
      if let source = job.source {
        if let index = state.jobs.firstIndex(where: { $0.source == source }) {
          state.jobs[index] = job
          return false
        }
        guard state.jobs.count < Self.maxRequests else { return false }
      }
      state.jobs.append(job)
      defer { state.isRunning = true }
      return !state.isRunning
    }
    guard mustStart else { return }
    Task.detached { [self] in
      while let job = next() {
        await job.work()
        await Task.yield()
      }
    }
  }

  private func next() -> Job? {
    state.withLockedValue { state in
      guard !state.jobs.isEmpty else {
        state.isRunning = false
        return nil
      }
      return state.jobs.removeFirst()
    }
  }
}

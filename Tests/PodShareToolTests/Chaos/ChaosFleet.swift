import Foundation

@testable import PodShareTool

/// Pods that write all the time, each under keys of its own, while things are done to them.
struct ChaosFleet: Sendable {
  private(set) var pods: [ToolProcess]
  private var written = 0

  init(_ pods: [ToolProcess]) {
    self.pods = pods
  }

  subscript(index: Int) -> ToolProcess {
    get { pods[index] }
    set { pods[index] = newValue }
  }

  /// Has the pods write in turns: new keys, one that all of them write, and deletes.
  mutating func write(_ count: Int, on indices: [Int]) async throws {
    for _ in 0..<count {
      for index in indices {
        written += 1
        guard try await pods[index].ask("set pod\(index):\(written % 40) \(written)") == "ok",
          try await pods[index].ask("set shared \(written)") == "ok"
        else { throw ToolError("a write was refused") }
        if written % 7 == 0 { _ = try await pods[index].ask("del pod\(index):\((written + 3) % 40)") }
      }
    }
  }

  /// Waits until all hold the same, and returns how long that took.
  func timeUntilEqual(within limit: Duration) async throws -> Duration {
    let start = ContinuousClock.now
    var dumps: [String] = []
    while ContinuousClock.now - start < limit {
      dumps = []
      for pod in pods { dumps.append(try await pod.ask("dump")) }
      if Set(dumps).count == 1 { return ContinuousClock.now - start }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw ToolError("not equal within \(limit): \(dumps.joined(separator: "\n"))")
  }
}

/// Runs bodies in turns, each in a detached task: what runs on the main actor pays for every resumption.
struct Rounds: Sendable {
  private let wanted: Set<String>
  let count: Int

  init(of wanted: Set<String>, count: Int) {
    self.wanted = wanted
    self.count = count
  }

  func includes(_ name: String) -> Bool { wanted.contains(name) }

  /// Runs each body that is wanted `count` times, after once to warm up. A body returns what the round came to.
  func callAsFunction(
    _ bodies: [(name: String, body: @Sendable () async throws -> Double)]
  ) async throws -> [String: Samples] {
    var samples: [String: Samples] = [:]
    for round in 0...count {
      for (name, body) in bodies where includes(name) {
        let value = try await Task.detached { try await body() }.value
        if round > 0 { samples[name, default: Samples()].append(value) }
      }
    }
    return samples
  }
}

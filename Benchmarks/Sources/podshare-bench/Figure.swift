/// Something that is measured.
struct Figure: Sendable {
  let name: String
  let unit: String
  let about: String
  /// What it is compared with, and measured together with.
  var baselines: [String] = []
}

/// Figures that are measured in turns, because they are to be compared.
struct Experiment: Sendable {
  let figures: [Figure]
  let rounds: Int
  let run: @Sendable (Rounds) async throws -> [String: Samples]

  /// The names among `names` that are measured here, and their baselines; all, if there are no names.
  func wanted(_ names: [String]) -> Set<String> {
    guard !names.isEmpty else { return Set(figures.map(\.name)) }
    return Set(figures.filter { names.contains($0.name) }.flatMap { [$0.name] + $0.baselines })
  }
}

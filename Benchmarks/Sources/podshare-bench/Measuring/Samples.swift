/// What one figure came to, round by round.
struct Samples: Sendable {
  private var values: [Double] = []

  init(_ values: [Double] = []) {
    self.values = values
  }

  mutating func append(_ value: Double) {
    values.append(value)
  }

  var count: Int { values.count }
  var median: Double { percentile(50) }
  var least: Double { values.min() ?? .nan }
  var greatest: Double { values.max() ?? .nan }

  func percentile(_ percent: Double) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    let position = percent / 100 * Double(sorted.count - 1)
    let lower = Int(position)
    let upper = min(lower + 1, sorted.count - 1)
    return sorted[lower] + (sorted[upper] - sorted[lower]) * (position - Double(lower))
  }
}

import Foundation

/// Prints figures as they come, or all of them as JSON at the end.
final class ResultPrinter {
  private struct Result: Encodable {
    let name: String
    let value: Double
    let unit: String
    let least: Double
    let greatest: Double
    let rounds: Int
  }

  private let json: Bool
  private let spread: Bool
  private var results: [Result] = []

  init(json: Bool, spread: Bool) {
    self.json = json
    self.spread = spread
  }

  func add(_ figure: Figure, _ samples: Samples) {
    let result = Result(
      name: figure.name, value: samples.median, unit: figure.unit, least: samples.least,
      greatest: samples.greatest, rounds: samples.count)
    results.append(result)
    guard !json else { return }
    var line = "\(result.name) \(text(result.value)) \(result.unit)"
    if spread { line += " (\(text(result.least)) to \(text(result.greatest)) in \(result.rounds) rounds)" }
    print(line)
    fflush(nil)
  }

  func finish() throws {
    guard json else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    print(String(decoding: try encoder.encode(results), as: UTF8.self))
  }

  private func text(_ value: Double) -> String {
    let digits = abs(value) >= 1_000 ? 0 : abs(value) >= 100 ? 1 : abs(value) >= 1 ? 2 : 3
    return String(format: "%.\(digits)f", value)
  }
}

import Foundation

/// How cost grows with the number of keys, as a table in Markdown and a plot.
struct GrowthReport {
  private static let sizes = [1_000, 10_000, 100_000, 1_000_000]

  private static let series: [(figure: String, title: String, colour: String)] = [
    ("set_keys", "set", "#c2410c"),
    ("dispatch_keys", "set, ten keys watched", "#a16207"),
    ("dictionary_keys", "Dictionary", "#6b7280"),
    ("get_keys", "get", "#1d4ed8"),
  ]

  /// Nanoseconds, by figure and size.
  private var medians: [String: Double] = [:]

  /// Measures.
  static func measure(rounds: Int?) async throws -> GrowthReport {
    var report = GrowthReport()
    for experiment in Growth.experiments {
      let wanted = experiment.wanted([])
      let samples = try await experiment.run(Rounds(of: wanted, count: rounds ?? experiment.rounds))
      for (name, samples) in samples { report.medians[name] = samples.percentile(50) }
    }
    return report
  }

  private func median(_ figure: String, _ size: Int) -> Double { medians["\(figure)_\(size)"] ?? .nan }

  /// One row for each number of keys.
  var table: String {
    let header = """
      | Keys | get, ns | `Dictionary`, ns | set, ns | set with ten keys watched, ns | slowest set while it grew to that, µs of CPU |
      | ---: | ---: | ---: | ---: | ---: | ---: |

      """
    return header
      + Self.sizes.map { size in
        let cells = ["get_keys", "dictionary_keys", "set_keys", "dispatch_keys", "longest_set_keys"].map {
          String(format: "%.0f", median($0, size))
        }
        return "| \(size.formatted(.number.locale(Locale(identifier: "en_US")))) | "
          + cells.joined(separator: " | ") + " |"
      }.joined(separator: "\n")
  }

  // MARK: The plot

  private static let width = 720.0
  private static let height = 400.0
  private static let left = 70.0
  private static let right = 190.0
  private static let top = 20.0
  private static let bottom = 50.0

  /// Where a number of keys lies: both axes are logarithmic.
  private static func x(_ size: Int) -> Double {
    left + (log10(Double(size)) - 3) / 3 * (width - left - right)
  }

  /// Where nanoseconds lie, from 10 to 10,000.
  private static func y(_ nanoseconds: Double) -> Double {
    height - bottom - (log10(nanoseconds) - 1) / 3 * (height - top - bottom)
  }

  /// The table as an SVG.
  var plot: String {
    var parts = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.width) \(Self.height)" font-family="sans-serif" \
      font-size="13">
      <title>Nanoseconds of a get and a set, from 1,000 to 1,000,000 keys; both axes are logarithmic</title>
      <rect width="100%" height="100%" fill="#ffffff"/>
      """
    ]
    for (nanoseconds, label) in [(10.0, "10 ns"), (100, "100 ns"), (1_000, "1 µs"), (10_000, "10 µs")] {
      let y = Self.y(nanoseconds)
      parts.append(line(from: (Self.left, y), to: (Self.width - Self.right, y)))
      parts.append(text(label, at: (Self.left - 8, y + 4), anchor: "end", colour: "#374151"))
    }
    for size in Self.sizes {
      let x = Self.x(size)
      parts.append(line(from: (x, Self.top), to: (x, Self.height - Self.bottom)))
      let label = size.formatted(.number.locale(Locale(identifier: "en_US")))
      parts.append(text(label, at: (x, Self.height - Self.bottom + 20), anchor: "middle", colour: "#374151"))
    }
    let middle = (Self.left + Self.width - Self.right) / 2
    parts.append(text("keys", at: (middle, Self.height - 10), anchor: "middle", colour: "#374151"))
    var lowestLabel = -Double.infinity
    for (figure, title, colour) in Self.series {
      let points = Self.sizes.map { (Self.x($0), Self.y(median(figure, $0))) }
      let path = points.map { String(format: "%.1f,%.1f", $0.0, $0.1) }.joined(separator: " ")
      parts.append("<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\"/>")
      for (x, y) in points {
        parts.append(String(format: "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"\(colour)\"/>", x, y))
      }
      // From the top down, one below the other.
      lowestLabel = max(lowestLabel + 16, (points.last?.1 ?? 0) + 4)
      parts.append(
        text(title, at: (Self.width - Self.right + 10, lowestLabel), anchor: "start", colour: colour))
    }
    parts.append("</svg>\n")
    return parts.joined(separator: "\n")
  }

  private func line(from start: (Double, Double), to end: (Double, Double)) -> String {
    String(
      format: "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#e5e7eb\"/>", start.0, start.1,
      end.0, end.1)
  }

  private func text(_ text: String, at place: (Double, Double), anchor: String, colour: String) -> String {
    String(
      format: "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"\(anchor)\" fill=\"\(colour)\">\(text)</text>",
      place.0,
      place.1)
  }
}

import Foundation
@_spi(Measuring) import PodShareTestKit

/// The tables of the documentation's page "How replicas converge", as Markdown: medians of several runs.
enum HealingTables {
  private static let runs = 9

  static func write(_ line: (String) -> Void) throws {
    line("| Entries | Differ | Bytes | Questions | Longest, seconds |")
    line("| ---: | ---: | ---: | ---: | ---: |")
    for entries in [1_000, 100_000, 1_000_000] {
      let fleet = try Healing.fleet(of: 2, entries: entries, seed: 1)
      for count in [10, 100, 1_000] {
        let healed = try (0..<runs).map { _ in try fleet.differences(count) }
        let cells = [entries, count, median(healed.map(\.bytes)), median(healed.map(\.questions))].map(text)
        line(
          "| \(cells.joined(separator: " | ")) | \(String(format: "%.2f", healed.map(\.seconds).max() ?? 0)) |"
        )
      }
    }
    line("")
    line("| Pods | Nobody writes | 1 write/s | 100 writes/s | One pod lacks a write | All others lack it |")
    line("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for pods in [3, 10, 30, 100] {
      let fleet = try Healing.fleet(of: pods, entries: 10_000, seed: 1)
      let rates = [
        try fleet.idle(), try fleet.busy(writesPerSecond: 1), try fleet.busy(writesPerSecond: 100),
      ]
      let lost = try [1, pods - 1].map { count in
        median(try (0..<runs).map { _ in try fleet.lostWrite(missedBy: count).bytes })
      }
      let cells = [text(pods)] + rates.map { text(Int($0.rounded())) + " B/s" } + lost.map { text($0) + " B" }
      line("| \(cells.joined(separator: " | ")) |")
    }
  }

  private static func median<Number: Comparable>(_ values: [Number]) -> Number {
    values.sorted()[values.count / 2]
  }

  private static func text(_ number: Int) -> String {
    number.formatted(.number.locale(Locale(identifier: "en_US")).grouping(.automatic))
  }
}

import ArgumentParser
import Foundation

@main
struct PodShareBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "podshare-bench",
    abstract: "Measures how fast PodShare is, beside what it is to be compared with.",
    discussion: """
      Prints one line for each figure: name, value, unit. The value is the median of several rounds; the rounds of figures \
      that are to be compared take turns, so that what else the machine does hits all of them. Baselines of the chosen \
      figures are measured with them.

      Run it in release mode, on a machine that does nothing else: scripts/bench does. --list tells what the figures are.
      """)

  @Argument(help: ArgumentHelp("What to measure; everything unless told otherwise.", valueName: "name"))
  var names: [String] = []

  @Option(
    help:
      "How many rounds are measured, after one to warm up; each figure has its own number unless told otherwise."
  )
  var rounds: Int?

  @Flag(help: "Print the least and the greatest round too.")
  var spread = false

  @Flag(help: "Print JSON: an array of objects with name, value, unit, least, greatest, rounds.")
  var json = false

  @Flag(help: "Say what the figures are, and measure nothing.")
  var list = false

  @Flag(help: "Print what healing costs as tables in Markdown, and measure nothing else. Takes some minutes.")
  var syncTable = false

  @Flag(help: "Print what a write costs as the mesh grows as a table in Markdown, and measure nothing else.")
  var meshTable = false

  @Option(
    help: ArgumentHelp(
      """
      Print how cost grows with the number of keys as a table in Markdown, plot it into an SVG file, and measure nothing \
      else. Takes some minutes.
      """, valueName: "file"))
  var growth: String?

  /// Memory is measured in a process that has done nothing before.
  @Option(help: .hidden)
  var hold: HeldInMemory?

  func validate() throws {
    let unknown = names.filter { name in !Catalogue.figures.contains { $0.name == name } }
    guard unknown.isEmpty else {
      throw ValidationError(
        """
        unknown: \(unknown.joined(separator: ", "))
        The figures are: \(Catalogue.figures.map(\.name).joined(separator: ", "))
        """)
    }
    if let rounds, rounds < 1 { throw ValidationError("--rounds must be at least 1") }
  }

  func run() async throws {
    if let hold {
      print(try await hold.bytesPerEntry())
    } else if list {
      let width = Catalogue.figures.map(\.name.count).max() ?? 0
      for figure in Catalogue.figures {
        print(figure.name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + figure.about)
      }
    } else if syncTable {
      try HealingTables.write { line in
        print(line)
        fflush(nil)
      }
    } else if meshTable {
      try await MeshTable.write { line in
        print(line)
        fflush(nil)
      }
    } else if let growth {
      let report = try await GrowthReport.measure(rounds: rounds)
      print(report.table)
      try report.plot.write(toFile: growth, atomically: true, encoding: .utf8)
    } else {
      try await measure()
    }
  }

  private func measure() async throws {
    #if DEBUG
      FileHandle.standardError.write(Data("podshare-bench: a debug build says nothing about speed\n".utf8))
    #endif
    let printer = ResultPrinter(json: json, spread: spread)
    for experiment in Catalogue.experiments {
      let wanted = experiment.wanted(names)
      guard !wanted.isEmpty else { continue }
      let samples = try await experiment.run(Rounds(of: wanted, count: rounds ?? experiment.rounds))
      for figure in experiment.figures {
        if let samples = samples[figure.name] { printer.add(figure, samples) }
      }
    }
    try printer.finish()
  }
}

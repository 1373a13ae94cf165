import ArgumentParser
import PodShare

/// Prints all that a fleet holds.
struct DumpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump",
    abstract: "Print all entries, sorted by key.",
    discussion: """
      One line an entry: KEY JSON. A key that is no plain word is written as a JSON string, in double quotes.

      EXAMPLES:
        podshare dump --peers 10.0.0.5:9101,10.0.0.6:9101
        podshare dump --json > backup.json

      \(ExitStatus.explanation)
      """)

  @OptionGroup var fleet: FleetOptions

  @Flag(help: "Print one JSON object of all entries by key.")
  var json = false

  func run() async throws {
    try await reportingFailure {
      let connection = try await Connection.open(fleet)
      let entries = Array(connection.store.snapshot()).inByteOrder(by: \.key)
      await connection.close()
      if json { return await output(JSONText.object(entries)) }
      guard !entries.isEmpty else { return }
      await output(entries.map { "\(Word.quoted($0.key)) \($0.value.line)" }.joined(separator: "\n"))
    }
  }
}

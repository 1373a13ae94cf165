import ArgumentParser
import PodShare

/// Reads one key of a fleet.
struct GetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get",
    abstract: "Print the value under a key.",
    discussion: """
      Prints the value as JSON on one line.

      EXAMPLES:
        podshare get limits --peers 10.0.0.5:9101
        podshare get limits --json
        podshare get limits && echo "it is there"

      \(ExitStatus.explanation)
      """)

  @OptionGroup var fleet: FleetOptions

  @Flag(help: "Print a JSON object with key, value and version.")
  var json = false

  @Argument(help: "The key, as it is.")
  var key: String

  func run() async throws {
    try await reportingFailure {
      let connection = try await Connection.open(fleet)
      let value = connection.store[key]
      let version = connection.store.version(of: key)
      await connection.close()
      guard let value else { throw Failure(.missing, "there is no key \(JSONText.string(key))") }
      guard json else { return await output(value.line) }
      await output(
        JSONText.object([
          (key: "key", value: JSONText.string(key)), (key: "value", value: value.line),
          (key: "version", value: version.map { JSONText.object($0) } ?? "null"),
        ]))
    }
  }
}

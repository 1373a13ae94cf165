import ArgumentParser
import PodShare

/// Deletes one key of a fleet.
struct DeleteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete",
    abstract: "Delete a key.",
    discussion: """
      Returns when at least one other pod has confirmed that it knows. A key that is not there is deleted all the \
      same: a write that is older than the delete does not bring it back.

      EXAMPLES:
        podshare delete limits --peers 10.0.0.5:9101
        podshare delete --json -- --odd-key

      \(ExitStatus.explanation)
      """)

  @OptionGroup var fleet: FleetOptions

  @Flag(help: "Print a JSON object with key, version, and whether the key was there.")
  var json = false

  @Argument(help: "The key, as it is.")
  var key: String

  func run() async throws {
    try await reportingFailure {
      let connection = try await Connection.open(fleet, mustExist: false)
      let wasThere = connection.store[key] != nil
      let version = try await connection.writing { try $0.delete(key) }
      await output(
        json
          ? JSONText.object([
            (key: "key", value: JSONText.string(key)), (key: "wasThere", value: "\(wasThere)"),
            (key: "version", value: JSONText.object(version)),
          ]) : "ok")
    }
  }
}

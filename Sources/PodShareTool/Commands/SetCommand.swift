import ArgumentParser
import Foundation
import PodShare

/// Sets one key of a fleet.
struct SetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "Set the value under a key.",
    usage: "podshare set <options> <key> <value>",
    discussion: """
      Returns when at least one other pod has confirmed that it holds the value. The others get it from there, if \
      not at once.

      EXAMPLES:
        podshare set limits '{"perSecond":1000}' --peers 10.0.0.5:9101
        podshare set banner '"Back at noon"'
        podshare set rules - < rules.json

      \(ExitStatus.explanation)
      """)

  @OptionGroup var fleet: FleetOptions

  @Flag(help: "Print a JSON object with key and version.")
  var json = false

  @Argument(help: "The key, as it is.")
  var key: String

  // So that a number below zero is not taken for an option.
  @Argument(
    parsing: .allUnrecognized,
    help: ArgumentHelp(
      "The value, as JSON; - stands for standard input. Text is JSON only in double quotes.",
      valueName: "value"))
  var values: [String]

  private var value: String { values.first ?? "" }

  func validate() throws {
    guard values.count == 1 else {
      throw ValidationError(
        "There is one value, not \(values.count): \(values.joined(separator: " ")). A shell needs quotes around it."
      )
    }
    guard value != "-" else { return }
    do { _ = try JSONValue(value) } catch { throw ValidationError("The value is \(error).") }
  }

  func run() async throws {
    try await reportingFailure {
      let value = try value == "-" ? Self.standardInput() : JSONValue(value)
      let connection = try await Connection.open(fleet, mustExist: false)
      let version = try await connection.writing { try $0.set(key, to: value) }
      await output(
        json
          ? JSONText.object([
            (key: "key", value: JSONText.string(key)), (key: "version", value: JSONText.object(version)),
          ]) : "ok")
    }
  }

  private static func standardInput() throws(Failure) -> JSONValue {
    let bytes = FileHandle.standardInput.readDataToEndOfFile()
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(.failed, "standard input is not UTF-8")
    }
    do { return try JSONValue(text) } catch { throw Failure(.failed, "standard input is \(error)") }
  }
}

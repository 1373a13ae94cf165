import ArgumentParser
import PodShare

/// Prints what happens in a fleet.
struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Print changes as they come, until interrupted.",
    discussion: """
      One line a change, as podshare pod prints them:

        event set KEY JSON ORIGIN
        event delete KEY null ORIGIN

      Pods that go away are waited for, and what was missed meanwhile is made up for. What goes wrong is told on \
      standard error.

      EXAMPLES:
        podshare watch --peers 10.0.0.5:9101
        podshare watch --prefix user: --present --json
        podshare watch --count 1 && echo "something has changed"

      \(ExitStatus.explanation)
      """)

  @OptionGroup var fleet: FleetOptions

  @Option(help: "Only keys that begin with this.")
  var prefix = ""

  @Flag(help: "Begin with the entries that are there already.")
  var present = false

  @Option(help: "End after this many changes.")
  var count: Int?

  @Flag(help: "Print a JSON object a line: change, key, value, origin, timestamp.")
  var json = false

  func validate() throws {
    if let count, count < 1 { throw ValidationError("--count must be at least 1.") }
  }

  func run() async throws {
    try await reportingFailure {
      let connection = try await Connection.open(fleet)
      connection.problems.tellFromNowOn()
      let events = connection.store.watch(
        .prefix(prefix), from: present ? .present : .now, buffering: .bounded(65_536))
      let stop = Stop()
      let signals = await Interruption.watch { stop.request() }
      let following = Task { try await follow(events) }
      stop.whenRequested { following.cancel() }
      let result = await following.result
      await connection.close()
      signals.cancel()
      await LineWriter.standardError.flush()
      do { try result.get() } catch let error as StoreError { throw Failure(.failed, error.message) }
    }
  }

  private func follow(_ events: Watch<JSONValue>) async throws {
    var left = count ?? .max
    for try await event in events {
      let line = json ? JSONText.object(event) : PodLine.event(event).text
      left -= 1
      guard await LineWriter.standardOutput.write(line: line), left > 0 else { return }
    }
  }
}

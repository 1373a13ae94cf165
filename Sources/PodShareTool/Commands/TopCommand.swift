import ArgumentParser

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Shows a fleet at work.
struct TopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top",
    abstract: "Show members, entries, rates and healing, live.",
    discussion: """
      Joins the topic as a pod of its own, and shows what that pod sees: all writes reach it, so the rates are those \
      of the fleet; the counters of healing are its own. q or Ctrl-C ends it.

      If standard output is no terminal, one snapshot is printed each interval.

      EXAMPLES:
        podshare top --peers 10.0.0.5:9101,10.0.0.6:9101
        podshare top --interval 5 --count 12 > fleet.log
        podshare top --json --count 1 | jq .statistics.keys

      \(ExitStatus.explanation)
      """)

  @OptionGroup var fleet: FleetOptions

  @Option(help: ArgumentHelp("How often to look, in seconds.", valueName: "seconds"))
  var interval = 1.0

  @Option(help: "End after this many snapshots.")
  var count: Int?

  @Flag(help: "Print a JSON object a line instead, also on a terminal.")
  var json = false

  func validate() throws {
    guard 0.05...86_400 ~= interval else {
      throw ValidationError("--interval must be from 0.05 seconds to one day, not \(interval).")
    }
    if let count, count < 1 { throw ValidationError("--count must be at least 1.") }
  }

  func run() async throws {
    try await reportingFailure {
      let connection = try await Connection.open(fleet)
      let stop = Stop()
      let signals = await Interruption.watch { stop.request() }
      let showing = Task {
        if !json, isatty(STDOUT_FILENO) == 1 {
          await showFullScreen(connection)
        } else {
          await printSnapshots(connection)
        }
      }
      stop.whenRequested { showing.cancel() }
      await showing.value
      await connection.close()
      signals.cancel()
    }
  }

  private func showFullScreen(_ connection: Connection) async {
    let screen = FullScreen()
    let style = Style.standardOutput
    await screen.enter()
    let showing = Task {
      await showEach(connection) { view in
        await screen.show(view.screen(FullScreen.size, style: style))
      }
    }
    let keys = Task {
      for await key in KeyPresses.stream() where key == UInt8(ascii: "q") { showing.cancel() }
    }
    await withTaskCancellationHandler {
      await showing.value
    } onCancel: {
      showing.cancel()
    }
    keys.cancel()
    await screen.leave()
  }

  private func printSnapshots(_ connection: Connection) async {
    await showEach(connection) { view in
      await LineWriter.standardOutput.write(
        line: json ? view.json : (view.lines + [""]).joined(separator: "\n"))
    }
  }

  /// Looks once in each interval, and hands over what there is to see until that returns false.
  private func showEach(_ connection: Connection, _ show: (TopView) async -> Bool) async {
    await connection.meetMembers()
    var earlier = await TopSample(connection)
    var left = count ?? .max
    // Rates need some time to be seen, also before the first look.
    try? await Task.sleep(for: .seconds(min(interval, 0.25)))
    while !Task.isCancelled {
      let sample = await TopSample(connection)
      let view = TopView(
        topic: fleet.network.topic, cluster: fleet.network.cluster, sample, after: earlier)
      left -= 1
      guard await show(view), left > 0 else { return }
      earlier = sample
      try? await Task.sleep(for: .seconds(interval))
    }
  }
}

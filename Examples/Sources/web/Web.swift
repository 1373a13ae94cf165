import ArgumentParser
import Foundation
import Logging
import PodShare
import ServiceLifecycle
import UnixSignals

/// Three pods in one process, each with a page of its own.
@main
struct Web: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "web",
    abstract: "Three pods that share feature flags, each with a web page of its own.",
    discussion: "Open the three pages side by side, change a flag in one and watch the others."
  )

  @Option(help: "The address to listen on.")
  var host = "127.0.0.1"

  @Option(help: "The first pod's port; the others follow it.")
  var port = 9080

  func validate() throws {
    guard Fleet.ports(from: port) != nil else {
      throw ValidationError("--port must lie between 1 and \(65_536 - Fleet.size).")
    }
  }

  func run() async throws {
    var logger = Logger(label: "web")
    logger.logLevel = .notice
    // To the HTTP servers a page that goes away is an error worth a line. Here it is what pages do.
    var serverLogger = logger
    serverLogger.logLevel = .critical

    let fleet = try Fleet(firstPort: port, logger: logger)
    let startup = Startup(servers: Fleet.size) { [host] in
      let pages = fleet.pods.map { "  \($0.name)  \($0.url(host: host))\n" }.joined()
      let text =
        "Three pods share the same flags. Open their pages side by side:\n\n\(pages)\nStop with Ctrl-C.\n"
      // At once, unlike `print`, when the output goes to a file or a pipe.
      FileHandle.standardOutput.write(Data(text.utf8))
    }
    let servers = fleet.pods.map {
      PodServer(pod: $0, fleet: fleet, host: host, startup: startup, logger: serverLogger)
    }

    // Services start in this order and stop in the reverse: pages first, then the stores that they show.
    let services: [any Service] = fleet.pods.map(\.store) + servers
    var configuration = ServiceGroupConfiguration(
      services: services, gracefulShutdownSignals: [.sigint, .sigterm], logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(10)
    try await ServiceGroup(configuration: configuration).run()
    try await fleet.close()
  }
}

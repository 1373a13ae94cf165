import Foundation
import Hummingbird
import Logging
import NIOCore
import PodShare
import ServiceLifecycle

/// The HTTP server of one pod.
struct PodServer: Service {
  let pod: Pod
  let fleet: Fleet
  let host: String
  let startup: Startup
  let logger: Logger

  func run() async throws {
    var application = Application(
      router: PodRoutes(pod: pod, fleet: fleet).router,
      configuration: ApplicationConfiguration(address: .hostname(host, port: pod.port)),
      onServerRunning: { _ in await startup.serverIsListening() },
      logger: logger
    )
    if pod.name == fleet.pods.first?.name {
      application.beforeServerStarts { try fleet.seed() }
    }
    do {
      try await application.run()
    } catch let error as IOError where error.errnoCode == EADDRINUSE {
      throw PortTaken(pod: pod.name, port: pod.port)
    }
  }
}

/// Something else listens on the port that a pod's page was to have.
struct PortTaken: Error, CustomStringConvertible {
  let pod: String
  let port: Int

  var description: String {
    "Port \(port), for \(pod)'s page, is taken by another program. Choose others with --port, for example: web --port 9180"
  }
}

import Foundation
import Hummingbird
import Logging
import PodShare
import PodShareP2P
import ServiceLifecycle
import UnixSignals

/// A server of a few flags as it runs in a cluster. Its settings come from the environment.
@main
enum FlagServer {
  static func main() async throws {
    var logger = Logger(label: "flags")
    let settings: Settings
    do { settings = try Settings(ProcessInfo.processInfo.environment) } catch {
      logger.critical("\(error)")
      exit(EXIT_FAILURE)
    }
    logger[metadataKey: "pod"] = "\(settings.name)"

    let transport = P2PTransport(configuration: settings.network(logger))
    var configuration = StoreConfiguration<String>()
    configuration.nodeID = settings.name
    configuration.logger = logger
    let store = try Store<String>("flags", over: transport, configuration: configuration)
    let readiness = Readiness(store)
    let server = Application(
      router: Routes(store: store, readiness: readiness).router,
      configuration: ApplicationConfiguration(address: .hostname(settings.httpHost, port: settings.httpPort)),
      logger: logger)

    // Services end in the reverse order: first no requests come in any more, then the store says goodbye over links
    // that are still there.
    var group = ServiceGroupConfiguration(
      services: [
        transport,
        Discovery(discoverer: settings.discoverer(logger), transport: transport, readiness: readiness),
        store, server,
      ],
      gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    // Less than what the cluster gives a pod, less the pause before it tells it: terminationGracePeriodSeconds.
    group.maximumGracefulShutdownDuration = .seconds(20)
    try await ServiceGroup(configuration: group).run()
  }
}

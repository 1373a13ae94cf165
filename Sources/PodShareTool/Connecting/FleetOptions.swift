import ArgumentParser
import Foundation
import PodShareP2P

/// How to meet a fleet that is running, for as long as one command takes.
struct FleetOptions: ParsableArguments {
  @OptionGroup var network: NetworkOptions

  @Option(
    help: ArgumentHelp(
      "How long to wait for the fleet, in seconds.", valueName: "seconds"))
  var timeout = 5.0

  static let environmentVariable = "PODSHARE_PEERS"

  func validate() throws {
    guard 0.1...86_400 ~= timeout else {
      throw ValidationError("--timeout must be from 0.1 seconds to one day, not \(timeout).")
    }
    guard
      try network.redis != nil
        || !Self.addresses(network, environment: ProcessInfo.processInfo.environment).isEmpty
    else {
      throw ValidationError(
        "Nobody to ask: name peers by --peers or \(Self.environmentVariable), or a server by --redis.")
    }
  }

  var peers: [PeerAddress] {
    // That it can be read was checked.
    (try? Self.addresses(network, environment: ProcessInfo.processInfo.environment)) ?? []
  }

  static func addresses(_ network: NetworkOptions, environment: [String: String]) throws -> [PeerAddress] {
    if !network.addresses.isEmpty { return network.addresses }
    return try PeerList(parsing: environment[environmentVariable] ?? "").addresses
  }

  var patience: Duration { .seconds(timeout) }

  var timeoutText: String {
    timeout.rounded() == timeout ? "\(Int(timeout)) s" : "\(timeout) s"
  }
}

import ArgumentParser
import PodShare
import PodShareP2P
import PodShareRedis

/// How to meet the pods of a fleet.
struct NetworkOptions: ParsableArguments {
  @Option(help: "What the pods that share the dictionary have in common.")
  var topic = "default"

  @Option(
    help: ArgumentHelp(
      "The pods to dial. May be given several times.", valueName: "host:port,..."),
    transform: PeerList.init(parsing:))
  var peers: [PeerList] = []

  @Option(
    help: ArgumentHelp(
      """
      A Redis or Valkey server to meet the others at, instead of dialling them: \
      redis://[[user]:password@]host[:port][,host...][/db], or rediss:// with TLS.
      """, valueName: "url"),
    transform: NetworkOptions.server)
  var redis: RedisConfiguration?

  @Option(help: "The cluster's name. Only pods with the same are linked.")
  var cluster = ""

  @Option(
    help: ArgumentHelp("This pod's name, unlike any other's. Default: drawn at random.", valueName: "name"))
  var node: String?

  @Option(
    help:
      "What is written: v2, or v1 to share the topic with pods of the Go library, which then are linked, too."
  )
  var wire = Wire.v2

  @Option(
    help: ArgumentHelp(
      "How often pods tell one another how far they are, in milliseconds.", valueName: "ms"))
  var syncInterval = 1_000

  @OptionGroup(title: "TLS options")
  var tls: TLSOptions

  private static func server(_ url: String) throws -> RedisConfiguration {
    do { return try RedisConfiguration(url: url) } catch { throw ValidationError("\(error.message).") }
  }

  func validate() throws {
    guard redis == nil || (peers.isEmpty && cluster.isEmpty) else {
      throw ValidationError(
        "With --redis there are no --peers and no --cluster: all pods meet at the server.")
    }
    guard redis == nil || redis?.tls != nil || tls.tlsCa == nil else {
      throw ValidationError("With TLS the server's URL begins with rediss://.")
    }
    guard 1...86_400_000 ~= syncInterval else {
      throw ValidationError("--sync-interval must be from 1 ms to one day, not \(syncInterval).")
    }
  }

  var addresses: [PeerAddress] { peers.flatMap(\.addresses) }

  /// The name of this pod, for its mesh and its store alike.
  var nodeID: String { node ?? "podshare-\(Self.drawn)" }

  private static let drawn = String(UInt32.random(in: (1 << 24)..<(1 << 30)), radix: 36)
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Peers that stand in an environment variable, for small fleets that seldom change:
/// `PODSHARE_PEERS=10.0.0.5:9101,10.0.0.6:9101`.
///
/// The variable does not change while a pod runs, so nobody need be told twice:
///
/// ```swift
/// let transport = P2PTransport(listenAddress: "0.0.0.0:9101", peers: try EnvironmentPeers().peers())
/// ```
public struct EnvironmentPeers: PeerDiscoverer {
  private let variable: String
  private let defaultPort: Int?

  /// Makes a discoverer.
  ///
  /// - Parameters:
  ///   - variable: The variable's name.
  ///   - defaultPort: The port of addresses that stand there without one. Nil, the default, allows none such.
  public init(variable: String = "PODSHARE_PEERS", defaultPort: Int? = nil) {
    self.variable = variable
    self.defaultPort = defaultPort
  }

  /// The addresses in the variable, which are separated by commas. Spaces around them, and commas too many, do not
  /// matter. None if the variable is empty or not set.
  ///
  /// - Throws: `discoveryFailed` if something in it is no address.
  public func peers() throws(P2PError) -> [PeerAddress] {
    guard let value = getenv(variable) else { return [] }
    var peers: [PeerAddress] = []
    for part in String(cString: value).split(separator: ",").map(\.trimmed) where !part.isEmpty {
      do throws(PeerList.NoAddress) {
        peers.append(try PeerList.address(part, defaultPort: defaultPort))
      } catch {
        throw P2PError(.discoveryFailed, "in the environment variable \(variable), \(error.words)")
      }
    }
    return peers
  }

  /// Calls back once, and returns when the task is cancelled.
  ///
  /// - Throws: `discoveryFailed` if something in the variable is no address.
  public func run(_ onPeers: @escaping @Sendable ([PeerAddress]) -> Void) async throws(P2PError) {
    onPeers(try peers())
    let (never, continuation) = AsyncStream<Never>.makeStream()
    for await _ in never {}
    continuation.finish()
  }
}

import NIOCore
public import PodShare
import PodShareNetworking

/// Finds pods by a name that the name service resolves to the addresses of all of them, as it does for a headless
/// Service of Kubernetes.
///
/// ```swift
/// let discoverer = DNSDiscoverer(host: "podshare.default.svc.cluster.local", port: 9101, myself: myself)
/// await discoverer.run(transport.syncPeers)
/// ```
///
/// Both A and AAAA records count. A look-up that fails, or that finds no address at all, says nothing about the pods:
/// it is reported, and those found before remain.
public struct DNSDiscoverer: PeerDiscoverer {
  /// Resolves a host name to IP addresses, IPv6 without brackets.
  public typealias Resolver = @Sendable (_ host: String) async throws -> [String]

  private let host: String
  private let port: Int
  private let myself: PeerAddress?
  private let interval: Duration
  private let resolver: Resolver
  private let time: TimeSource
  private let onError: (@Sendable (P2PError) -> Void)?

  /// Makes a discoverer.
  ///
  /// - Parameters:
  ///   - host: The name to look up.
  ///   - port: The port on which every pod listens, 1 to 65,535. DNS knows nothing of it.
  ///   - myself: This pod's own address, left out of what is found. Nil if it is not known: a transport that dials
  ///     itself notices.
  ///   - interval: The time between two look-ups, more or less a tenth, at random. More than zero; default 10 s. While
  ///     look-ups fail it is a second at most.
  ///   - onError: Told, with `discoveryFailed`, of a look-up that failed. The same failure is told once until a look-up
  ///     succeeds.
  ///   - resolver: What looks the name up. Nil, the default, asks the system, on a thread that may wait.
  ///   - time: Where time comes from. Leave it alone outside tests.
  public init(
    host: String, port: Int, myself: PeerAddress? = nil, interval: Duration = .seconds(10),
    onError: (@Sendable (P2PError) -> Void)? = nil, resolver: Resolver? = nil, time: TimeSource = .system
  ) {
    precondition(1...65_535 ~= port, "a port lies between 1 and 65535, unlike \(port)")
    precondition(interval > .zero, "the time between two look-ups is more than zero, unlike \(interval)")
    self.host = host
    self.port = port
    self.myself = myself
    self.interval = interval
    self.resolver = resolver ?? SystemResolver.addresses(of:)
    self.time = time
    self.onError = onError
  }

  /// Looks the name up at each interval, and calls back each time that this succeeds: with the same addresses, too, and
  /// with none if it finds this pod alone. Returns when the task is cancelled, even in the midst of a look-up.
  public func run(_ onPeers: @escaping @Sendable ([PeerAddress]) -> Void) async {
    let polling = PeerPolling(interval: interval, time: time, onError: onError) {
      [self] () throws(P2PError) in
      try await peers()
    }
    await polling.run(onPeers)
  }

  /// Looks the name up once: the addresses of the other pods, sorted.
  ///
  /// - Throws: `discoveryFailed` if that fails, or finds no address at all, not even this pod's; `cancelled`.
  public func peers() async throws(P2PError) -> [PeerAddress] {
    let found = try await addresses()
    guard !found.isEmpty else { throw P2PError(.discoveryFailed, "\(host) has no addresses") }
    let peers = Set(found.map { PeerAddress(host: $0, port: port) }).filter { !isMyself($0) }
    return peers.sorted { $0.description < $1.description }
  }

  private func addresses() async throws(P2PError) -> [String] {
    let (host, resolver) = (host, resolver)
    do {
      return try await abandonedWhenCancelled { try await resolver(host) }
    } catch is CancellationError where Task.isCancelled {
      throw P2PError(.cancelled, "looking up \(host)")
    } catch {
      throw P2PError(.discoveryFailed, "\(host) cannot be looked up: \(error)")
    }
  }

  private func isMyself(_ address: PeerAddress) -> Bool {
    guard let myself, address.port == myself.port else { return false }
    if address == myself { return true }
    // One IPv6 address can be written in several ways.
    guard let socketAddress = try? SocketAddress(ipAddress: address.host, port: address.port) else {
      return false
    }
    return socketAddress == (try? SocketAddress(ipAddress: myself.host, port: myself.port))
  }
}

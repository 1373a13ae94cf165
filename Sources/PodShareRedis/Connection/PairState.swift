import NIOCore
import PodShareNetworking

/// The two connections to a server as a value: one for commands and messages that go out, one that listens. They live and
/// die together, so that both are to the same server, whatever fails over to whom. It is told what happened, and says what
/// is to be done.
struct PairState {
  enum Phase: Equatable {
    /// Nothing was tried, or the next try is still to come.
    case waiting
    /// Asks where the server is.
    case resolving
    /// The two connections are being made.
    case connecting(RedisAddress)
    /// Both are there, and what is wanted is being subscribed to.
    case subscribing(RedisAddress)
    /// Messages go both ways.
    case up(RedisAddress)
    case closed
  }

  enum Action: Equatable {
    case resolve
    case dial(RedisAddress)
    case subscribe([ByteBuffer])
    case unsubscribe(ByteBuffer)
    /// Messages go both ways from now on.
    case goUp(isFirst: Bool)
    /// They do not any more.
    case goDown(RedisAddress)
    /// Both connections are to be closed.
    case closeBoth
    case retry(after: Duration)
  }

  private(set) var phase = Phase.waiting
  private let backoff: Backoff
  /// In a row.
  private var failures = 0
  private var wasUp = false
  /// Which address is next.
  private var next = 0
  private var readyConnections = 0
  /// Channels that this pair has subscribed to.
  private var subscribed: Set<ByteBuffer> = []
  /// Those of them that the server is still to confirm, each as often as it was asked to.
  private var unconfirmed: [ByteBuffer: Int] = [:]

  init(backoff: Backoff) {
    self.backoff = backoff
  }

  var address: RedisAddress? {
    switch phase {
    case .connecting(let address), .subscribing(let address), .up(let address): address
    case .waiting, .resolving, .closed: nil
    }
  }

  var isUp: Bool { if case .up = phase { true } else { false } }

  /// Begins, or tries again.
  mutating func start() -> [Action] {
    guard phase == .waiting else { return [] }
    phase = .resolving
    return [.resolve]
  }

  /// It is known where the server may be.
  mutating func resolved(_ addresses: [RedisAddress]) -> [Action] {
    guard phase == .resolving, !addresses.isEmpty else { return [] }
    let address = addresses[next % addresses.count]
    phase = .connecting(address)
    readyConnections = 0
    subscribed = []
    unconfirmed = [:]
    return [.dial(address)]
  }

  /// One of the two connections is ready.
  ///
  /// - Parameter wanted: The channels that somebody listens to.
  mutating func connectionIsReady(wanted: [ByteBuffer]) -> [Action] {
    guard case .connecting(let address) = phase else { return [] }
    readyConnections += 1
    guard readyConnections == 2 else { return [] }
    phase = .subscribing(address)
    subscribed = Set(wanted)
    for channel in wanted { unconfirmed[channel] = 1 }
    return (wanted.isEmpty ? [] : [.subscribe(wanted)]) + goUpIfConfirmed()
  }

  /// Somebody listens to a channel.
  mutating func want(_ channel: ByteBuffer) -> [Action] {
    switch phase {
    case .subscribing, .up:
      guard subscribed.insert(channel).inserted else { return [] }
      unconfirmed[channel, default: 0] += 1
      return [.subscribe([channel])]
    case .waiting, .resolving, .connecting, .closed:
      // What is wanted by then is subscribed to.
      return []
    }
  }

  /// Nobody listens to a channel any more.
  mutating func unwant(_ channel: ByteBuffer) -> [Action] {
    switch phase {
    case .subscribing, .up: subscribed.remove(channel) == nil ? [] : [.unsubscribe(channel)]
    case .waiting, .resolving, .connecting, .closed: []
    }
  }

  /// The server has confirmed a subscription.
  mutating func confirmed(_ channel: ByteBuffer) -> [Action] {
    let left = (unconfirmed[channel] ?? 0) - 1
    unconfirmed[channel] = left > 0 ? left : nil
    return goUpIfConfirmed()
  }

  private mutating func goUpIfConfirmed() -> [Action] {
    guard case .subscribing(let address) = phase, unconfirmed.isEmpty else { return [] }
    phase = .up(address)
    defer { wasUp = true }
    return [.goUp(isFirst: !wasUp)]
  }

  /// Whether messages on a channel are sure to come.
  func isConfirmed(_ channel: ByteBuffer) -> Bool {
    isUp && subscribed.contains(channel) && unconfirmed[channel] == nil
  }

  /// The pair has been up for a while: what comes next is no failure of the same kind.
  mutating func provedStable() {
    if isUp { failures = 0 }
  }

  /// A try came to nothing, or a connection is gone.
  mutating func failed(using generator: inout some RandomNumberGenerator) -> [Action] {
    var actions: [Action] = []
    switch phase {
    case .waiting, .closed: return []
    case .up(let address): actions = [.goDown(address), .closeBoth]
    case .connecting, .subscribing:
      // Perhaps the next address is that of the primary.
      next += 1
      actions = [.closeBoth]
    case .resolving: break
    }
    phase = .waiting
    failures += 1
    return actions + [.retry(after: backoff.delay(after: failures, using: &generator))]
  }

  mutating func close() -> [Action] {
    guard phase != .closed else { return [] }
    defer { phase = .closed }
    return [.closeBoth]
  }
}

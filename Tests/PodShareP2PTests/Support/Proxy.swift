import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import PodShareP2P

/// Stands between two pods, passes on what they say to each other, and can be cut.
final class Proxy: Sendable {
  enum Mode {
    case open
    /// Connections are accepted and kept, and nothing gets through: as if a cable were pulled.
    case silent
    /// Connections are closed, and new ones at once.
    case closed
  }

  private struct State {
    var mode = Mode.open
    var pairs: [ObjectIdentifier: (any Channel, any Channel)] = [:]
    var accepted = 0
  }

  private let state = NIOLockedValueBox(State())
  private let server = NIOLockedValueBox<(any Channel)?>(nil)
  private let target: PeerAddress
  private let group = MultiThreadedEventLoopGroup.singleton

  init(to target: PeerAddress) async throws {
    self.target = target
    let listening = try await ServerBootstrap(group: group)
      .childChannelOption(.autoRead, value: false)
      .childChannelInitializer { [self] channel in accept(channel) }
      .bind(host: "127.0.0.1", port: 0).get()
    server.withLockedValue { $0 = listening }
  }

  var address: PeerAddress {
    PeerAddress(host: "127.0.0.1", port: server.withLockedValue { $0?.localAddress?.port } ?? 0)
  }

  /// How many connections were made, and passed on, in all.
  var accepted: Int { state.withLockedValue { $0.accepted } }

  func set(_ mode: Mode) {
    let pairs = state.withLockedValue { state in
      state.mode = mode
      return state.pairs
    }
    guard mode == .closed else { return }
    for (left, right) in pairs.values {
      left.close(promise: nil)
      right.close(promise: nil)
    }
  }

  func close() async throws {
    set(.closed)
    try await server.withLockedValue { $0 }?.close().get()
  }

  private func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
    guard state.withLockedValue({ $0.mode }) != .closed else {
      return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
    }
    let (host, port) = (target.host, target.port)
    return ClientBootstrap(group: channel.eventLoop)
      .channelOption(.autoRead, value: false)
      .connect(host: host, port: port)
      .flatMapThrowing { [self] other in
        try channel.pipeline.syncOperations.addHandler(Forward(to: other, through: self))
        try other.pipeline.syncOperations.addHandler(Forward(to: channel, through: self))
        state.withLockedValue {
          $0.pairs[ObjectIdentifier(channel)] = (channel, other)
          $0.accepted += 1
        }
        channel.closeFuture.whenComplete { [self] _ in
          state.withLockedValue { _ = $0.pairs.removeValue(forKey: ObjectIdentifier(channel)) }
        }
        try channel.syncOptions?.setOption(.autoRead, value: true)
        try other.syncOptions?.setOption(.autoRead, value: true)
      }
  }

  fileprivate var passes: Bool { state.withLockedValue { $0.mode == .open } }

  private final class Forward: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel
    private let proxy: Proxy

    init(to other: any Channel, through proxy: Proxy) {
      self.other = other
      self.proxy = proxy
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      if proxy.passes { other.writeAndFlush(unwrapInboundIn(data), promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
      other.close(promise: nil)
    }
  }
}

import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import PodShareRedis

/// A way to a server that can be cut: connections through it break, and new ones are refused.
final class CutOff: Sendable {
  private let channel: any Channel
  private let connections = NIOLockedValueBox<[any Channel]>([])
  private let cut = NIOLockedValueBox(false)

  /// - Parameter greeting: What it says itself, in the server's place, to who connects.
  init(_ server: RedisServer, greeting: String? = nil) throws {
    let port = server.port
    let (connections, cut) = (connections, cut)
    channel = try ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelOption(.autoRead, value: false)
      .childChannelInitializer { inbound in
        guard !cut.withLockedValue({ $0 }) else { return inbound.close() }
        if let greeting {
          let written = inbound.eventLoop.makePromise(of: Void.self)
          inbound.eventLoop.execute { inbound.writeAndFlush(ByteBuffer(string: greeting), promise: written) }
          return inbound.eventLoop.makeSucceededVoidFuture()
        }
        return ClientBootstrap(group: inbound.eventLoop).connect(host: "127.0.0.1", port: port)
          .flatMapThrowing {
            outbound in
            try inbound.pipeline.syncOperations.addHandler(Glue(outbound))
            try outbound.pipeline.syncOperations.addHandler(Glue(inbound))
            connections.withLockedValue { $0 += [inbound, outbound] }
            inbound.setOption(.autoRead, value: true).whenComplete { _ in }
          }
      }
      .bind(host: "127.0.0.1", port: 0).wait()
  }

  deinit {
    channel.close(promise: nil)
    for connection in connections.withLockedValue({ $0 }) { connection.close(promise: nil) }
  }

  var address: RedisAddress { RedisAddress(host: "127.0.0.1", port: channel.localAddress?.port ?? 0) }

  var isCut: Bool {
    get { cut.withLockedValue { $0 } }
    set {
      cut.withLockedValue { $0 = newValue }
      guard newValue else { return }
      let broken = connections.withLockedValue { connections in
        defer { connections = [] }
        return connections
      }
      for connection in broken { connection.close(promise: nil) }
    }
  }

  private final class Glue: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel

    init(_ other: any Channel) {
      self.other = other
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      other.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
      other.close(promise: nil)
    }
  }
}

import NIOCore
import NIOPosix

/// What any library over SwiftNIO pays: a frame that a task writes to a connection on loopback, read on another event
/// loop and handed to a task.
final class BareLink: Sendable {
  private let group: MultiThreadedEventLoopGroup
  private let server: any Channel
  private let client: any Channel
  private let frames: AsyncStream<Void>

  init() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let (frames, continuation) = AsyncStream<Void>.makeStream()
    server = try await ServerBootstrap(group: group.next())
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Receiver(continuation))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    client = try await ClientBootstrap(group: group.next())
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .connect(to: server.localAddress!).get()
    self.group = group
    self.frames = frames
  }

  /// Microseconds from each of so many frames to the task that waits for it.
  func latencies(_ count: Int) async throws -> Samples {
    let frame = ByteBuffer(repeating: 0x2a, count: Receiver.frameBytes)
    var frames = frames.makeAsyncIterator()
    var latencies = Samples()
    for _ in 0..<count {
      let start = ContinuousClock.now
      client.writeAndFlush(frame, promise: nil)
      await frames.next()
      latencies.append((ContinuousClock.now - start).microseconds)
    }
    return latencies
  }

  func close() async throws {
    try await client.close()
    try await server.close()
    try await group.shutdownGracefully()
  }

  private final class Receiver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    static let frameBytes = 64
    private var received = 0
    private let continuation: AsyncStream<Void>.Continuation

    init(_ continuation: AsyncStream<Void>.Continuation) {
      self.continuation = continuation
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      received += unwrapInboundIn(data).readableBytes
      while received >= Self.frameBytes {
        received -= Self.frameBytes
        continuation.yield()
      }
    }
  }
}

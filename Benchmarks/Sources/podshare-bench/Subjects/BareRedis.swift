import NIOCore
import NIOPosix
import PodShareRedis

/// What any library over SwiftNIO pays: a `PUBLISH` that a task writes to one connection to Redis, and the message, read on
/// another and handed to a task. Nothing of the protocol is looked at.
final class BareRedis: Sendable {
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
  private let publisher: any Channel
  private let subscriber: any Channel
  private let messages: AsyncStream<Void>

  private static let payload = String(repeating: "*", count: 57)
  private static let command = ByteBuffer(
    string: "*3\r\n$7\r\nPUBLISH\r\n$4\r\nbare\r\n$\(payload.utf8.count)\r\n\(payload)\r\n")
  private static let messageBytes =
    "*3\r\n$7\r\nmessage\r\n$4\r\nbare\r\n$\(payload.utf8.count)\r\n\(payload)\r\n".utf8.count
  private static let confirmationBytes = "*3\r\n$9\r\nsubscribe\r\n$4\r\nbare\r\n:1\r\n".utf8.count

  init(at address: RedisAddress) async throws {
    let (messages, continuation) = AsyncStream<Void>.makeStream()
    self.messages = messages
    publisher = try await ClientBootstrap(group: group.next())
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .connect(host: address.host, port: address.port).get()
    subscriber = try await ClientBootstrap(group: group.next())
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Receiver(continuation))
        }
      }
      .connect(host: address.host, port: address.port).get()
    try await subscriber.writeAndFlush(ByteBuffer(string: "*2\r\n$9\r\nSUBSCRIBE\r\n$4\r\nbare\r\n"))
    // The confirmation counts as the first message.
    for await _ in messages { break }
  }

  /// Microseconds from each of so many messages to the task that waits for it.
  func latencies(_ count: Int) async throws -> Samples {
    var messages = messages.makeAsyncIterator()
    var latencies = Samples()
    for _ in 0..<count {
      let start = ContinuousClock.now
      publisher.writeAndFlush(Self.command, promise: nil)
      await messages.next()
      latencies.append((ContinuousClock.now - start).microseconds)
    }
    return latencies
  }

  func close() async throws {
    try await publisher.close()
    try await subscriber.close()
    try await group.shutdownGracefully()
  }

  private final class Receiver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var received = 0
    private var expected = BareRedis.confirmationBytes
    private let continuation: AsyncStream<Void>.Continuation

    init(_ continuation: AsyncStream<Void>.Continuation) {
      self.continuation = continuation
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      received += unwrapInboundIn(data).readableBytes
      while received >= expected {
        received -= expected
        expected = BareRedis.messageBytes
        continuation.yield()
      }
    }
  }
}

import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import PodShare
import PodShareP2P

@testable import struct PodShareP2P.Frame
@testable import struct PodShareP2P.FrameReader
@testable import struct PodShareP2P.Hello

/// A connection to a pod whose bytes the test makes up itself.
final class RawPeer: Sendable {
  private let channel: any Channel
  private let received: NIOLockedValueBox<ByteBuffer>

  /// - Parameter reads: Whether it reads what the pod says.
  init(to address: PeerAddress, reads: Bool = true) async throws {
    let received = NIOLockedValueBox(ByteBuffer())
    self.received = received
    channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.autoRead, value: reads)
      .channelOption(.socketOption(.so_rcvbuf), value: reads ? 262_144 : 4_096)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Collector(received))
        }
      }
      .connect(host: address.host, port: address.port).get()
  }

  func send(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes).get() }

  func send(hex: String) async throws {
    var bytes = ByteBuffer()
    var digits = hex[...]
    while !digits.isEmpty {
      bytes.writeInteger(UInt8(digits.prefix(2), radix: 16) ?? 0)
      digits = digits.dropFirst(2)
    }
    try await send(bytes)
  }

  func send(_ kind: Frame.Kind, topic: String = "", payload: ByteBuffer = ByteBuffer()) async throws {
    var bytes = ByteBuffer()
    bytes.writeFrame(kind, topic: topic, payload: payload)
    try await send(bytes)
  }

  /// Introduces itself, and subscribes to a topic.
  func greet(as name: String, cluster: String = "", subscribingTo topic: String? = nil) async throws {
    let hello = Hello(
      identity: PodIdentity(nodeID: name, incarnation: 1), cluster: cluster, keepAlive: .milliseconds(200))
    try await send(.hello, payload: hello.encoded())
    if let topic { try await send(.subscribe, topic: topic) }
    try await send(.ready)
  }

  /// What has come so far, as frames.
  func frames() throws -> [Frame] {
    var reader = FrameReader(maxLength: 64 * 1_024 * 1_024)
    reader.append(received.withLockedValue { $0 })
    var frames: [Frame] = []
    while let frame = try reader.next() { frames.append(frame) }
    return frames
  }

  var isClosed: Bool { !channel.isActive }

  func close() async throws {
    guard channel.isActive else { return }
    try await channel.close().get()
  }

  private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let received: NIOLockedValueBox<ByteBuffer>

    init(_ received: NIOLockedValueBox<ByteBuffer>) {
      self.received = received
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let bytes = unwrapInboundIn(data)
      received.withLockedValue { _ = $0.writeImmutableBuffer(bytes) }
    }
  }
}

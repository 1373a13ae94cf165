import NIOCore
import NIOSSL
import NIOTLS
import PodShareNetworking

/// Whom a connection tells what happens. On the event loop.
protocol ConnectionOwner: AnyObject {
  func isReady(_ connection: ConnectionHandler)
  func published(_ error: RedisError?)
  /// The last message of a parcel has been answered.
  func publishedLast(bytes: Int, _ error: RedisError?)
  func receive(_ message: ByteBuffer, on channel: ByteBuffer)
  func subscribed(to channel: ByteBuffer)
  /// All that came at once has been told.
  func finishedReading()
  func canWrite(_ connection: ConnectionHandler)
  func ended(_ connection: ConnectionHandler, _ error: RedisError)
}

/// One connection: feeds a ``ConnectionState`` with what comes in, and does what it says. Lives on the event loop.
final class ConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let role: ConnectionState<EventLoopPromise<RedisReply>>.Role
  private let isEncrypted: Bool
  private weak var owner: (any ConnectionOwner)?
  private var state: ConnectionState<EventLoopPromise<RedisReply>>
  private var reader = RESPReader()
  private var context: ChannelHandlerContext?
  private var end: RedisError?
  private var hasBegun = false
  private(set) var lastHeard = NIODeadline.now()

  init(
    _ role: ConnectionState<EventLoopPromise<RedisReply>>.Role, login: Login, isEncrypted: Bool,
    owner: any ConnectionOwner
  ) {
    self.role = role
    self.isEncrypted = isEncrypted
    self.owner = owner
    state = ConnectionState(role: role, login: login)
  }

  var isReady: Bool { state.phase == .ready }

  var isWritable: Bool { context?.channel.isWritable ?? false }

  // MARK: The channel

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive, !isEncrypted { begin(context) }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
  }

  func channelActive(context: ChannelHandlerContext) {
    if !isEncrypted { begin(context) }
    context.fireChannelActive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted? = event as? TLSUserEvent { begin(context) }
    context.fireUserInboundEventTriggered(event)
  }

  private func begin(_ context: ChannelHandlerContext) {
    // The channel may say that it is active only after the handler was added to it.
    guard !hasBegun else { return }
    hasBegun = true
    lastHeard = .now()
    write(state.begin())
    context.flush()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard state.phase != .ended else { return }
    lastHeard = .now()
    reader.append(unwrapInboundIn(data))
    do throws(RESPError) {
      while state.phase != .ended, let message = try reader.next() { perform(state.receive(message)) }
    } catch {
      close(RedisError(.protocolViolation, "it does not speak Redis's protocol: \(error)"))
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    owner?.finishedReading()
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { owner?.canWrite(self) }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if isEncrypted, state.phase == .greeting,
      error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError
    {
      let failure = TLSFailure(error, trusted: "an authority that this pod trusts")
      close(RedisError(.tlsFailed, failure.description))
    } else {
      close(RedisError(.disconnected, DialFailure.words(error)))
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    let isEarly = state.phase == .greeting
    let error =
      end
      ?? RedisError(
        .disconnected,
        isEarly ? "it closed the connection during the handshake" : "it closed the connection")
    for ticket in state.end() { ticket.fail(error) }
    owner?.ended(self, error)
    context.fireChannelInactive()
  }

  // MARK: What comes

  private func perform(_ action: ConnectionState<EventLoopPromise<RedisReply>>.Action) {
    switch action {
    case .nothing: break
    case .send(let command):
      write(command)
      flush()
    case .ready: owner?.isReady(self)
    case .reply(let promise, let result):
      promise.completeWith(result.mapError { $0 })
      // What it was written to takes no writes any more: another must be found.
      if case .failure(let error) = result, error.code == .readOnly { close(error) }
    case .published(let error): owner?.published(error)
    case .publishedLast(let bytes, let error): owner?.publishedLast(bytes: bytes, error)
    case .message(let channel, let message): owner?.receive(message, on: channel)
    case .subscribed(let channel): owner?.subscribed(to: channel)
    case .end(let error): close(error)
    }
  }

  // MARK: What goes

  private func write(_ buffer: ByteBuffer) {
    context?.write(wrapOutboundOut(buffer), promise: nil)
  }

  func flush() {
    context?.flush()
  }

  /// Sends messages; they leave with the next flush.
  func send(_ parcel: PublishQueue.Parcel) {
    state.sentPublications(count: parcel.count, bytes: parcel.bytes)
    for buffer in parcel.buffers { write(buffer) }
  }

  /// Sends a command.
  func send(_ command: ByteBuffer, answering promise: EventLoopPromise<RedisReply>) {
    state.sent(promise)
    write(command)
    flush()
  }

  /// Sends as many subscriptions; they leave with the next flush.
  func subscribe(to channel: ByteBuffer) {
    write(state.subscribe(to: channel))
  }

  func unsubscribe(from channel: ByteBuffer) {
    write(state.unsubscribe(from: channel))
  }

  func ping() {
    write(state.ping())
    flush()
  }

  /// Ends the connection. Its owner is told when it is closed.
  func close(_ error: RedisError) {
    guard end == nil else { return }
    end = error
    for ticket in state.end() { ticket.fail(error) }
    context?.close(promise: nil)
  }
}

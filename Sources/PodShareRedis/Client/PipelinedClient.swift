import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import PodShare
import PodShareNetworking

/// The client that a ``RedisTransport`` has of its own: one event loop, two connections, commands one behind the other
/// without waiting for replies.
final class PipelinedClient: RedisClient {
  let eventLoop: any EventLoop
  private let ownGroup: MultiThreadedEventLoopGroup?
  private let configuration: RedisConfiguration
  private let queue: PublishQueue
  private let subscriptions = SubscriptionTable()
  private let access = LoopAccess()
  private let pair: EventLoopFuture<NIOLoopBound<ConnectionPair>>
  private let closing = NIOLockedValueBox<Task<Void, Never>?>(nil)

  /// Connects once somebody subscribes.
  init(_ configuration: RedisConfiguration) {
    self.configuration = configuration
    ownGroup = configuration.eventLoopGroup == nil ? MultiThreadedEventLoopGroup(numberOfThreads: 1) : nil
    let eventLoop: any EventLoop = configuration.eventLoopGroup?.next() ?? ownGroup!.next()
    let queue = PublishQueue(
      limits: .init(bytes: configuration.maxQueuedBytes, messages: configuration.maxQueuedMessages))
    let (subscriptions, access) = (subscriptions, access)
    self.eventLoop = eventLoop
    self.queue = queue
    pair = eventLoop.submit {
      NIOLoopBound(
        ConnectionPair(
          configuration, on: eventLoop, access: access, queue: queue, subscriptions: subscriptions),
        eventLoop: eventLoop)
    }
  }

  deinit {
    guard closing.withLockedValue({ $0 == nil }) else { return }
    // Dropped without being closed.
    let (group, access) = (ownGroup, access)
    pair.whenComplete { result in
      if case .success(let pair) = result { pair.value.close() }
      access.close { group?.shutdownGracefully { _ in } }
    }
  }

  private func withPair<Result: Sendable>(
    _ body: @escaping @Sendable (ConnectionPair) -> EventLoopFuture<Result>
  ) async throws(RedisError) -> Result {
    guard access.enter() else { throw Self.closed }
    defer { access.leave() }
    do {
      return try await pair.flatMap { body($0.value) }.get()
    } catch let error as RedisError {
      throw error
    } catch {
      throw RedisError(.disconnected, "\(error)")
    }
  }

  private static var closed: RedisError { RedisError(.closed, "the connection to Redis was closed") }

  func publish(_ message: ByteBuffer, to channel: String) -> PublishOutcome {
    switch queue.add(message, to: channel) {
    case .added: return .accepted
    case .addedFirst:
      let isOpen = access.perform { pair.whenSuccess { $0.value.pump() } } != nil
      return isOpen ? .accepted : .disconnected
    case .full: return .queueFull
    case .disconnected: return .disconnected
    }
  }

  func drain() async throws(RedisError) {
    try await withPair { $0.drain() }
  }

  func subscribe(
    to channel: String, onEvent: @escaping @Sendable (TransportEvent) -> Void
  ) async throws(RedisError) -> TransportSubscription {
    let key = Key(channel)
    guard let id = subscriptions.add(onEvent, to: key) else { throw Self.closed }
    let subscription = TransportSubscription { [weak self] in self?.unsubscribe(id, from: key) }
    do {
      try await abandonedWhenCancelled {
        try await self.withPair { $0.subscribe(to: ByteBuffer(string: channel)) }
      }
      return subscription
    } catch {
      subscription.cancel()
      throw error as? RedisError
        ?? RedisError(.cancelled, "subscribing to \(channel.debugDescription)")
    }
  }

  private func unsubscribe(_ id: UInt64, from channel: Key) {
    subscriptions.remove(id, from: channel)
    access.perform {
      pair.whenSuccess { $0.value.unsubscribe(from: ByteBuffer(string: channel.string), key: channel) }
    }
  }

  func send(_ command: [ByteBuffer]) async throws(RedisError) -> RedisReply {
    guard let name = command.first else {
      throw RedisError(.invalidConfiguration, "a command has a name")
    }
    var buffer = ByteBufferAllocator().buffer(capacity: command.reduce(32) { $0 + $1.readableBytes + 16 })
    buffer.writeCommand(String(buffer: name), command.dropFirst())
    return try await withPair { [buffer] in $0.send(buffer) }
  }

  func close() async {
    let closing = closing.withLockedValue { closing in
      if let closing { return closing }
      let task = Task.detached { [pair, access, subscriptions, ownGroup] in
        try? await pair.map { $0.value.close() }.get()
        subscriptions.close()
        // Whoever still waits for something has been told that it will not come.
        await access.close()
        try? await ownGroup?.shutdownGracefully()
      }
      closing = task
      return task
    }
    await closing.value
  }
}

import Logging
import NIOCore
import NIOPosix
import NIOSSL
import PodShare
import PodShareNetworking

/// The connections to Redis, as ``PairState`` has them: dials, publishes what is queued, delivers what comes, and starts
/// anew when something breaks. Lives on the event loop.
final class ConnectionPair: ConnectionOwner {
  private let configuration: RedisConfiguration
  let eventLoop: any EventLoop
  private let access: LoopAccess
  private let queue: PublishQueue
  private let subscriptions: SubscriptionTable
  private let reporter: OccasionalReporter<RedisError>
  private var state: PairState
  private var random = SystemRandomNumberGenerator()

  private var commands: ConnectionHandler?
  private var subscriber: ConnectionHandler?
  /// What is asked for an address, or looks one up. Whoever waits for it is told when nothing comes of it any more.
  private var resolving: EventLoopPromise<[RedisAddress]>?
  private var resolvers: [HostResolver] = []
  private var keepAlive: RepeatedTask?
  private var deadline: Scheduled<Void>?
  private var stability: Scheduled<Void>?
  private var retry: Scheduled<Void>?
  /// Why the last try failed.
  private var lastError: RedisError?

  /// Sent, and not answered yet. If the connection breaks they are sent once more, for who knows what became of them.
  private var unanswered = CircularBuffer<PublishQueue.Parcel>()
  private var answeredOfFirst = 0
  private var answered: UInt64 = 0
  /// What was refused since somebody last waited for the answers.
  private var refusal: RedisError?
  private var drains: [(until: UInt64, promise: EventLoopPromise<Void>)] = []

  /// Those who wait until a channel is subscribed to.
  private var waiters: [(channel: ByteBuffer, promise: EventLoopPromise<Void>)] = []

  private var listeners: CallbackCache

  init(
    _ configuration: RedisConfiguration, on eventLoop: any EventLoop, access: LoopAccess, queue: PublishQueue,
    subscriptions: SubscriptionTable
  ) {
    self.configuration = configuration
    self.eventLoop = eventLoop
    self.access = access
    self.queue = queue
    self.subscriptions = subscriptions
    listeners = CallbackCache(of: subscriptions)
    reporter = OccasionalReporter(onError: configuration.onError, logger: configuration.logger)
    state = PairState(
      backoff: Backoff(first: configuration.reconnectInterval, limit: configuration.maxReconnectInterval))
  }

  // MARK: What is to be done

  func start() {
    guard !state.isUp else { return }
    perform(state.start())
  }

  private func perform(_ actions: [PairState.Action]) {
    for action in actions { perform(action) }
  }

  private func perform(_ action: PairState.Action) {
    switch action {
    case .resolve: resolve()
    case .dial(let address): dial(address)
    case .subscribe(let channels):
      for channel in channels { subscriber?.subscribe(to: channel) }
      subscriber?.flush()
    case .unsubscribe(let channel):
      subscriber?.unsubscribe(from: channel)
      subscriber?.flush()
    case .goUp(let isFirst): goUp(isFirst: isFirst)
    case .goDown(let address): goDown(address)
    case .closeBoth: closeBoth()
    case .retry(let delay):
      retry?.cancel()
      retry = schedule(in: delay) { $0.perform($0.state.start()) }
    }
  }

  private func schedule(
    in delay: Duration, _ body: @escaping @Sendable (ConnectionPair) -> Void
  ) -> Scheduled<Void> {
    let bound = NIOLoopBound(Weak(self), eventLoop: eventLoop)
    return eventLoop.scheduleTask(in: TimeAmount(delay)) {
      if let pair = bound.value.pair { body(pair) }
    }
  }

  private struct Weak {
    weak var pair: ConnectionPair?

    init(_ pair: ConnectionPair) {
      self.pair = pair
    }
  }

  private func resolve() {
    guard let resolve = configuration.resolve else {
      return perform(state.resolved(configuration.addresses))
    }
    let promise = eventLoop.makePromise(of: [RedisAddress].self)
    resolving = promise
    Task { [access] in
      let result: Result<[RedisAddress], any Error>
      do {
        let addresses = try await resolve()
        guard !addresses.isEmpty else { throw RedisError(.unreachable, "nobody knows where the primary is") }
        result = .success(addresses)
      } catch {
        result = .failure(error)
      }
      // The loop may be gone by then.
      access.perform { promise.completeWith(result) }
    }
    let timeout = configuration.connectTimeout
    let late = eventLoop.scheduleTask(in: TimeAmount(timeout)) {
      promise.fail(RedisError(.unreachable, "nobody said within \(timeout) where the primary is"))
    }
    let bound = NIOLoopBound(Weak(self), eventLoop: eventLoop)
    promise.futureResult.whenComplete { result in
      late.cancel()
      guard let pair = bound.value.pair else { return }
      pair.resolving = nil
      switch result {
      case .success(let addresses): pair.perform(pair.state.resolved(addresses))
      case .failure(let error as RedisError): pair.fail(error)
      case .failure(let error):
        pair.fail(RedisError(.unreachable, "the primary's address could not be found out: \(error)"))
      }
    }
  }

  private func dial(_ address: RedisAddress) {
    let commands = ConnectionHandler(
      .commands, login: configuration.login, isEncrypted: configuration.tls != nil, owner: self)
    let subscriber = ConnectionHandler(
      .subscriber, login: configuration.login, isEncrypted: configuration.tls != nil, owner: self)
    (self.commands, self.subscriber) = (commands, subscriber)
    deadline = schedule(in: configuration.connectTimeout) { pair in
      guard !pair.state.isUp else { return }
      pair.fail(
        RedisError(
          .unreachable, "it did not answer within \(pair.configuration.connectTimeout)", server: "\(address)")
      )
    }
    do throws(RedisError) {
      let context = try configuration.tls.map { tls throws(RedisError) in try tls.makeContext() }
      connect(commands, to: address, context)
      connect(subscriber, to: address, context)
    } catch {
      fail(error)
    }
  }

  private func connect(_ handler: ConnectionHandler, to address: RedisAddress, _ context: NIOSSLContext?) {
    let bound = NIOLoopBound((handler: handler, owner: Weak(self)), eventLoop: eventLoop)
    // Of a name's addresses several may be tried at once, each with a channel: the handler is for the one that succeeds.
    let resolver = HostResolver(eventLoop: eventLoop, access: access)
    resolvers.append(resolver)
    ClientBootstrap(group: eventLoop)
      .resolver(resolver)
      .connectTimeout(TimeAmount(configuration.connectTimeout))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try ConnectionOptions.set(on: channel)
          guard let context else { return }
          try channel.pipeline.syncOperations.addHandler(RedisTLS.makeHandler(context, for: address.host))
        }
      }
      .connect(host: address.host, port: address.port)
      .whenComplete { result in
        guard let pair = bound.value.owner.pair else {
          if case .success(let channel) = result { channel.close(promise: nil) }
          return
        }
        pair.connected(bound.value.handler, result, address)
      }
  }

  private func connected(
    _ handler: ConnectionHandler, _ result: Result<any Channel, any Error>, _ address: RedisAddress
  ) {
    let isWanted = handler === commands || handler === subscriber
    switch result {
    case .success(let channel):
      guard isWanted else { return channel.close(promise: nil) }
      do {
        try channel.pipeline.syncOperations.addHandler(handler)
      } catch {
        channel.close(promise: nil)
        fail(RedisError(.unreachable, DialFailure.words(error), server: "\(address)"))
      }
    case .failure(let error):
      guard isWanted else { return }
      fail(RedisError(.unreachable, DialFailure(error).description, server: "\(address)"))
    }
  }

  // MARK: Up and down

  func isReady(_ connection: ConnectionHandler) {
    guard connection === commands || connection === subscriber else { return }
    perform(state.connectionIsReady(wanted: subscriptions.topics.map { ByteBuffer(string: $0.string) }))
  }

  private func goUp(isFirst: Bool) {
    deadline?.cancel()
    lastError = nil
    let bound = NIOLoopBound(Weak(self), eventLoop: eventLoop)
    let interval = TimeAmount(configuration.keepAlive)
    keepAlive = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
      bound.value.pair?.checkLife()
    }
    stability = schedule(in: Self.stableAfter) { $0.state.provedStable() }
    for parcel in unanswered { commands?.send(parcel) }
    answered -= UInt64(answeredOfFirst)
    answeredOfFirst = 0
    commands?.flush()
    queue.enter(.connected)
    pump()
    endWaiting()
    guard let address = state.address else { return }
    configuration.logger?.info("connected to Redis at \(address)")
    if !isFirst { subscriptions.tellAll(.resumed) }
    configuration.onConnect?(address)
  }

  private func goDown(_ address: RedisAddress) {
    queue.enter(.disconnected)
    subscriptions.tellAll(.interrupted)
    configuration.onDisconnect?(address)
  }

  private func closeBoth() {
    deadline?.cancel()
    stability?.cancel()
    keepAlive?.cancel()
    let connections = [commands, subscriber].compactMap { $0 }
    (commands, subscriber) = (nil, nil)
    // What comes of it is not wanted any more.
    for resolver in resolvers { resolver.cancelQueries() }
    resolvers = []
    for connection in connections {
      connection.close(lastError ?? RedisError(.disconnected, "the other connection to it is gone"))
    }
  }

  func ended(_ connection: ConnectionHandler, _ error: RedisError) {
    guard connection === commands || connection === subscriber else { return }
    fail(error.at(state.address.map { "\($0)" }))
  }

  private func fail(_ error: RedisError) {
    lastError = error
    reporter.report(error)
    if isDecisive(error) { for waiter in takeWaiters() { waiter.fail(error) } }
    perform(state.failed(using: &random))
  }

  /// Whether whoever waits for a subscription need not wait any longer: it will be the same the next time.
  private func isDecisive(_ error: RedisError) -> Bool {
    switch error.code {
    case .authenticationFailed, .notPermitted, .tlsFailed, .unusableCertificates, .refused,
      .protocolViolation:
      true
    default: configuration.startTimeout == .zero
    }
  }

  private func checkLife() {
    guard let commands, let subscriber, state.isUp else { return }
    let limit = TimeAmount(configuration.keepAlive * Self.silentIntervals)
    let now = NIODeadline.now()
    for connection in [commands, subscriber] where now - connection.lastHeard > limit {
      return fail(
        RedisError(
          .silentServer, "it has said nothing for \(configuration.keepAlive * Self.silentIntervals)",
          server: state.address.map { "\($0)" }))
    }
    commands.ping()
    subscriber.ping()
  }

  func close() {
    retry?.cancel()
    let closed = RedisError(.closed, "the connection to Redis was closed")
    lastError = closed
    queue.enter(.closed)
    perform(state.close())
    resolving?.fail(closed)
    for waiter in takeWaiters() { waiter.fail(closed) }
    failDrains(closed)
    unanswered.removeAll()
  }

  // MARK: Publishing

  /// Sends what is queued, as far as the connection takes it.
  func pump() {
    guard state.isUp, let commands else { return }
    var isWritten = false
    while commands.isWritable {
      let parcels = queue.take()
      guard !parcels.isEmpty else { break }
      for parcel in parcels {
        unanswered.append(parcel)
        commands.send(parcel)
      }
      isWritten = true
    }
    if isWritten { commands.flush() }
  }

  func canWrite(_ connection: ConnectionHandler) {
    if connection === commands { pump() }
  }

  func published(_ error: RedisError?) {
    answeredOfFirst += 1
    answered += 1
    note(error)
  }

  func publishedLast(bytes: Int, _ error: RedisError?) {
    answered += 1
    answeredOfFirst = 0
    note(error)
    guard let parcel = unanswered.popFirst() else { return }
    queue.answered(count: parcel.count, bytes: parcel.bytes)
  }

  private func note(_ error: RedisError?) {
    guard let error else { return }
    let refused = RedisError(
      error.code, "a message was not published: \(error.message)", server: state.address.map { "\($0)" })
    refusal = refusal ?? refused
    reporter.report(refused)
  }

  func finishedReading() {
    guard let first = drains.first, answered >= first.until else { return }
    let refusal = refusal
    self.refusal = nil
    while let drain = drains.first, answered >= drain.until {
      drains.removeFirst()
      if let refusal { drain.promise.fail(refusal) } else { drain.promise.succeed() }
    }
  }

  /// Completes when everything has been answered that the queue had taken.
  func drain() -> EventLoopFuture<Void> {
    let until = queue.accepted
    guard answered < until else {
      defer { refusal = nil }
      return refusal.map { eventLoop.makeFailedFuture($0) } ?? eventLoop.makeSucceededVoidFuture()
    }
    guard state.isUp else { return eventLoop.makeFailedFuture(notConnected) }
    let promise = eventLoop.makePromise(of: Void.self)
    drains.append((until, promise))
    let timeout = configuration.commandTimeout
    let late = schedule(in: timeout) { pair in
      promise.fail(
        pair.state.isUp
          ? RedisError(.timedOut, "it has not answered all messages within \(timeout)") : pair.notConnected)
    }
    promise.futureResult.whenComplete { _ in late.cancel() }
    return promise.futureResult
  }

  private func failDrains(_ error: RedisError) {
    for drain in drains { drain.promise.fail(error) }
    drains = []
  }

  private var notConnected: RedisError {
    lastError ?? RedisError(.disconnected, "there is no connection to Redis yet")
  }

  // MARK: Commands

  func send(_ command: ByteBuffer) -> EventLoopFuture<RedisReply> {
    guard state.isUp, let commands else { return eventLoop.makeFailedFuture(notConnected) }
    let promise = eventLoop.makePromise(of: RedisReply.self)
    let timeout = configuration.commandTimeout
    let server = state.address.map { "\($0)" }
    let late = eventLoop.scheduleTask(in: TimeAmount(timeout)) {
      promise.fail(RedisError(.timedOut, "it has not answered within \(timeout)", server: server))
    }
    promise.futureResult.whenComplete { _ in late.cancel() }
    commands.send(command, answering: promise)
    return promise.futureResult
  }

  // MARK: Subscribing

  /// Completes when messages on a channel are sure to come.
  func subscribe(to channel: ByteBuffer) -> EventLoopFuture<Void> {
    guard state.phase != .closed else { return eventLoop.makeFailedFuture(notConnected) }
    let promise = eventLoop.makePromise(of: Void.self)
    if state.isConfirmed(channel) {
      promise.succeed()
    } else {
      waiters.append((channel, promise))
      perform(state.want(channel))
      start()
      if let timeout = configuration.startTimeout, timeout > .zero {
        let late = schedule(in: timeout) { promise.fail($0.notConnected.after(timeout)) }
        promise.futureResult.whenComplete { _ in late.cancel() }
      }
    }
    return promise.futureResult
  }

  func subscribed(to channel: ByteBuffer) {
    perform(state.confirmed(channel))
    endWaiting()
  }

  /// Nobody listens to a channel any more, unless somebody has begun to again.
  func unsubscribe(from channel: ByteBuffer, key: Key) {
    listeners.removeAll()
    guard !subscriptions.isWanted(key) else { return }
    perform(state.unwant(channel))
  }

  private func endWaiting() {
    for waiter in waiters where state.isConfirmed(waiter.channel) { waiter.promise.succeed() }
    waiters.removeAll { state.isConfirmed($0.channel) }
  }

  private func takeWaiters() -> [EventLoopPromise<Void>] {
    defer { waiters = [] }
    return waiters.map(\.promise)
  }

  func receive(_ message: ByteBuffer, on channel: ByteBuffer) {
    for callback in listeners.callbacks(of: channel) { callback(.message(message)) }
  }

  private static var silentIntervals: Int { 5 }
  private static var stableAfter: Duration { .seconds(5) }
}

extension RedisError {
  fileprivate func after(_ time: Duration) -> RedisError {
    RedisError(code, "\(message) (waited for \(time))", server: server)
  }
}

import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL
import PodShare
import PodShareNetworking

/// The links of one transport, and what they are to do: performs what ``MeshState`` decides. Lives on the event loop.
final class Mesh {
  let eventLoop: any EventLoop
  let configuration: P2PConfiguration
  let identity: PodIdentity
  let linkRules: LinkState.Rules
  let queueLimits: LinkQueue.Limits
  let publishing: PublishQueue
  let subscriptions: SubscriptionTable
  let snapshots: SnapshotSources
  let access: LoopAccess
  private let tls: TLSContexts?
  private let reporter: OccasionalReporter<P2PError>

  var state: MeshState
  private var generator = SystemRandomNumberGenerator()
  private var server: (any Channel)?
  private var lastLinkID: MeshState.LinkID = 0
  /// Of all connections, also those that have not got as far as being links.
  private(set) var handlers: [MeshState.LinkID: LinkHandler] = [:]
  private var inboundCount = 0
  /// Of all dials that are under way.
  private var resolvers: [ObjectIdentifier: HostResolver] = [:]
  /// Where each topic's messages go, as far as it was asked for since the last change.
  private var routes: [Route: [LinkHandler]] = [:]
  private var announcements = Announcements()
  var snapshotRequests: [SnapshotRequest] = []
  private var settling: [EventLoopPromise<Void>] = []
  private var ticking: RepeatedTask?
  private var lastTick: NIODeadline?
  private var resumption = Resumption()
  private(set) var isClosed = false

  /// What decides where a message goes.
  private struct Route: Hashable {
    let topic: Key
    let isForGoPods: Bool
  }

  init(
    _ configuration: P2PConfiguration, identity: PodIdentity, eventLoop: any EventLoop,
    publishing: PublishQueue,
    subscriptions: SubscriptionTable, snapshots: SnapshotSources, access: LoopAccess, tls: TLSContexts?
  ) {
    self.configuration = configuration
    self.identity = identity
    self.eventLoop = eventLoop
    self.publishing = publishing
    self.subscriptions = subscriptions
    self.snapshots = snapshots
    self.access = access
    self.tls = tls
    linkRules = configuration.linkRules(of: identity)
    queueLimits = configuration.queueLimits
    reporter = OccasionalReporter(onError: configuration.onError, logger: configuration.logger)
    state = MeshState(
      identity: identity,
      backoff: Backoff(first: configuration.reconnectInterval, limit: configuration.maxReconnectInterval))
  }

  var now: NIODeadline { eventLoop.now }
  var isEncrypted: Bool { tls != nil }

  private var bound: NIOLoopBound<Mesh> { NIOLoopBound(self, eventLoop: eventLoop) }

  // MARK: Beginning

  /// Listens, if it is to, and dials the first peers. Returns the address on which it listens.
  func start() -> EventLoopFuture<PeerAddress?> {
    let begin = NIOLoopBound(
      { [self] in
        ticking = eventLoop.scheduleRepeatedTask(initialDelay: tickInterval, delay: tickInterval) {
          [bound] _ in
          bound.value.tick()
        }
        for peer in configuration.peers { perform(state.add(peer)) }
      }, eventLoop: eventLoop)
    guard let address = configuration.listenAddress else {
      begin.value()
      return eventLoop.makeSucceededFuture(nil)
    }
    let mesh = bound
    return ServerBootstrap(group: eventLoop)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try ConnectionOptions.set(on: channel)
          try mesh.value.accept(channel)
        }
      }
      .bind(host: address.host, port: address.port)
      .map { channel in
        mesh.value.server = channel
        begin.value()
        return PeerAddress(
          host: channel.localAddress?.ipAddress ?? address.host, port: channel.localAddress?.port ?? 0)
      }
  }

  private var tickInterval: TimeAmount {
    TimeAmount(min(configuration.keepAlive / 4, configuration.handshakeTimeout / 2, .milliseconds(250)))
  }

  // MARK: Connections

  private func makeHandler(dialledAt address: PeerAddress?) -> LinkHandler {
    lastLinkID += 1
    return LinkHandler(lastLinkID, dialledAt: address, mesh: self)
  }

  private func accept(_ channel: any Channel) throws {
    guard !isClosed else { throw ChannelError.ioOnClosedChannel }
    if inboundCount >= configuration.maxInboundLinks { oldestSilent()?.abandon(.madeRoom) }
    guard inboundCount < configuration.maxInboundLinks else {
      report(
        .tooManyLinks, "more than \(configuration.maxInboundLinks) connections came in; this one was closed",
        peer: channel.remoteAddress?.ipAddress)
      throw ChannelError.ioOnClosedChannel
    }
    if let tls {
      guard let handler = tls.serverHandler() else { throw ChannelError.ioOnClosedChannel }
      try channel.pipeline.syncOperations.addHandler(handler)
    }
    let handler = makeHandler(dialledAt: nil)
    inboundCount += 1
    handlers[handler.id] = handler
    try channel.pipeline.syncOperations.addHandler(handler)
  }

  /// Of the connections that came in and never said a word: nobody's loss, or those of Go pods, which come back.
  private func oldestSilent(where isMeant: (LinkHandler) -> Bool = { _ in true }) -> LinkHandler? {
    handlers.values.filter { $0.isSilent && isMeant($0) }.min { $0.id < $1.id }
  }

  private func dial(_ address: PeerAddress) {
    let mesh = bound
    let resolver = HostResolver(eventLoop: eventLoop, access: access)
    resolvers[ObjectIdentifier(resolver)] = resolver
    ClientBootstrap(group: eventLoop)
      .resolver(resolver)
      .connectTimeout(TimeAmount(configuration.dialTimeout))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try ConnectionOptions.set(on: channel)
          try mesh.value.prepare(channel, dialledAt: address)
        }
      }
      .connect(host: address.host, port: address.port)
      .assumeIsolated()
      .whenComplete { [self] result in
        resolvers[ObjectIdentifier(resolver)] = nil
        if case .failure(let error) = result { dialFailed(address, error) }
      }
  }

  private func prepare(_ channel: any Channel, dialledAt address: PeerAddress) throws {
    if let tls { try channel.pipeline.syncOperations.addHandler(try tls.clientHandler(for: address.host)) }
    try channel.pipeline.syncOperations.addHandler(DialHandler(bound, address))
  }

  /// A connection that this pod made is there.
  fileprivate func connected(_ channel: any Channel, to address: PeerAddress) throws {
    let handler = makeHandler(dialledAt: address)
    guard !isClosed, state.dialled(address, handler.id) else { throw ChannelError.ioOnClosedChannel }
    handlers[handler.id] = handler
    try channel.pipeline.syncOperations.addHandler(handler)
  }

  private func dialFailed(_ address: PeerAddress, _ error: any Error) {
    let actions = state.dialFailed(address, using: &generator)
    if !actions.isEmpty { report(.dialFailed, DialFailure(error).description, peer: address.description) }
    perform(actions)
    checkWhetherSettled()
  }

  // MARK: What links say

  func tellSubscriptions(to handler: LinkHandler) {
    for topic in announcements.topics { handler.send(.subscribe, topic: topic.string) }
  }

  func established(_ handler: LinkHandler, _ pod: PodIdentity) {
    if handler.isGoPod, handler.isSilent,
      handlers.values.count(where: { $0.isGoPod && $0.isSilent }) > configuration.maxSilentLinks
    {
      oldestSilent { $0.isGoPod && $0.id != handler.id }?.abandon(.madeRoom)
    }
    let actions = state.established(handler.id, with: pod, dialledAt: handler.dialledAddress)
    routesChanged()
    perform(actions, peer: handler)
    checkWhetherSettled()
  }

  func isKnownPod(at address: PeerAddress?) -> Bool { state.isKnownPod(at: address) }

  func useOther(than id: MeshState.LinkID) {
    state.useOther(than: id)
    routesChanged()
  }

  func closed(_ handler: LinkHandler, _ end: LinkEnd, peer: String) {
    guard handlers.removeValue(forKey: handler.id) != nil else { return }
    if handler.dialledAddress == nil { inboundCount -= 1 }
    routesChanged()
    for promise in announcements.lost(handler.id) { promise.succeed() }
    endSnapshotRequests(to: handler.id)
    if !isClosed, let error = P2PError(end, peer: peer, ownCluster: configuration.cluster) {
      reporter.report(error)
    }
    if case .reachedItself = end, let address = handler.dialledAddress {
      perform(state.reachedItself(at: address))
    }
    perform(state.closed(handler.id, dialledAt: handler.dialledAddress, using: &generator), peer: handler)
    checkWhetherSettled()
  }

  func routesChanged() { routes.removeAll(keepingCapacity: true) }

  // MARK: Doing what was decided

  private func perform(_ actions: [MeshState.Action], peer: LinkHandler? = nil) {
    for action in actions { perform(action, peer: peer) }
  }

  private func perform(_ action: MeshState.Action, peer: LinkHandler?) {
    switch action {
    case .dial(let address): if !isClosed { dial(address) }
    case .dialLater(let address, let delay):
      guard !isClosed else { return }
      eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [weak self] in
        guard let self, !isClosed else { return }
        perform(state.isDue(address))
      }
    case .end(let id, let end):
      handlers[id]?.close(end)
      routesChanged()
    case .connected(let pod):
      resume()
      if let peer = state.primaryLink(to: pod).flatMap({ handlers[$0] }) { tell(peer, pod, hasCome: true) }
    case .disconnected(let pod):
      if state.pods.isEmpty { interrupt() }
      if let peer { tell(peer, pod, hasCome: false) }
    }
  }

  private func tell(_ handler: LinkHandler, _ pod: PodIdentity, hasCome: Bool) {
    let peer = P2PPeer(pod, on: handler)
    configuration.logger?.info("\(hasCome ? "linked with" : "no longer linked with") \(peer)")
    (hasCome ? configuration.onConnect : configuration.onDisconnect)?(peer)
  }

  var linkedPeers: [P2PPeer] {
    state.pods.compactMap { pod in
      state.primaryLink(to: pod).flatMap { handlers[$0] }.map { P2PPeer(pod, on: $0) }
    }
  }

  /// Those of them that have said something. What accepts a connection and is silent is taken for a Go pod, and may be
  /// anything.
  var peersThatSpoke: [P2PPeer] {
    state.pods.compactMap { pod in
      state.primaryLink(to: pod).flatMap { handlers[$0] }.flatMap {
        $0.hasSpoken ? P2PPeer(pod, on: $0) : nil
      }
    }
  }

  func report(_ code: P2PError.Code, _ message: String, peer: String?) {
    guard !isClosed else { return }
    reporter.report(P2PError(code, message, peer: peer))
  }

  // MARK: Telling subscribers

  /// Messages may have been lost, and come again from now on.
  private func resume() {
    switch resumption.ask(now: now) {
    case .now: resumeNow()
    case .at(let due):
      eventLoop.assumeIsolated().scheduleTask(deadline: due) { [weak self] in
        guard let self else { return }
        resumption.timeHasCome()
        if !isClosed, !state.pods.isEmpty { resumeNow() }
      }
    case .none: break
    }
  }

  private func resumeNow() {
    resumption.told(now: now)
    subscriptions.tellAll(.resumed)
  }

  private func interrupt() {
    guard !isClosed, resumption.interrupt() else { return }
    subscriptions.tellAll(.interrupted)
  }

  /// A peer had messages for this pod that did not fit.
  func messagesWereLost() { resume() }

  // MARK: Publishing

  /// Hands what was published to the links.
  func distribute() {
    for parcel in publishing.take() {
      for link in route(of: parcel) { link.add(parcel) }
    }
    for handler in handlers.values { handler.pump() }
  }

  private func route(of parcel: Parcel) -> [LinkHandler] {
    let route = Route(topic: parcel.topic, isForGoPods: parcel.isForGoPods)
    if let known = routes[route] { return known }
    let links = state.primaryLinks.compactMap { handlers[$0] }.filter { $0.wants(parcel) && $0.isReady }
    routes[route] = links
    return links
  }

  func drain() -> EventLoopFuture<Void> {
    distribute()
    return EventLoopFuture.andAllComplete(handlers.values.compactMap { $0.drain() }, on: eventLoop)
  }

  // MARK: Subscribing

  /// Somebody has ceased to listen to a topic.
  func unsubscribed(from topic: Key) {
    for handler in handlers.values { handler.forgetListeners() }
    _ = announce(topic)
  }

  /// Tells the peers whether the topic is wanted here, as it is by now. Succeeds when they know.
  func announce(_ topic: Key) -> EventLoopFuture<Void> {
    let isWanted = subscriptions.isWanted(topic)
    if isWanted == announcements.topics.contains(topic) {
      return announcements.pending(topic) ?? eventLoop.makeSucceededVoidFuture()
    }
    guard isWanted else {
      announcements.withdraw(topic)
      for handler in greetedHandlers { handler.send(.unsubscribe, topic: topic.string) }
      return eventLoop.makeSucceededVoidFuture()
    }
    let number = announcements.add(topic)
    let greeted = greetedHandlers
    for handler in greeted {
      handler.send(.subscribe, topic: topic.string, payload: ByteBuffer(integer: number))
    }
    guard !greeted.isEmpty else { return eventLoop.makeSucceededVoidFuture() }
    let promise = eventLoop.makePromise(of: Void.self)
    announcements.wait(for: number, topic, by: greeted.lazy.map(\.id), promise)
    // One that does not answer is found out to be silent, or stays; nobody need wait for that.
    eventLoop.assumeIsolated().scheduleTask(in: Self.patienceForAcknowledgements) { [weak self] in
      self?.announcements.giveUp(number)?.succeed()
    }
    return promise.futureResult
  }

  private static var patienceForAcknowledgements: TimeAmount { .seconds(1) }

  /// How many linked pods of this library listen to the topic.
  func subscriberCount(of topic: Key) -> Int {
    state.primaryLinks.lazy.compactMap { self.handlers[$0] }.count { !$0.isGoPod && $0.state.wants(topic) }
  }

  /// Those of pods of this library that have introduced themselves.
  private var greetedHandlers: [LinkHandler] {
    handlers.values.filter { handler in
      switch handler.state.phase {
      case .greeted, .established: handler.isReady
      case .greeting, .goPod, .ended: false
      }
    }
  }

  func acknowledged(_ number: UInt64, by id: MeshState.LinkID) {
    announcements.confirmed(number, by: id)?.succeed()
  }

  // MARK: Peers

  func add(_ address: PeerAddress) {
    guard !isClosed else { return }
    perform(state.add(address))
  }

  func remove(_ address: PeerAddress, bans: Bool) -> Bool {
    guard let actions = state.remove(address, bans: bans) else { return false }
    perform(actions)
    checkWhetherSettled()
    return true
  }

  /// Succeeds when a first try to reach each peer has come to its end, and at the latest when it may have.
  func settled() -> EventLoopFuture<Void> {
    if state.hasTriedAll || isClosed { return eventLoop.makeSucceededVoidFuture() }
    let promise = eventLoop.makePromise(of: Void.self)
    settling.append(promise)
    let patience = TimeAmount(configuration.dialTimeout + configuration.handshakeTimeout)
    eventLoop.scheduleTask(in: patience) { promise.succeed() }
    return promise.futureResult
  }

  private func checkWhetherSettled() {
    guard !settling.isEmpty, state.hasTriedAll || isClosed else { return }
    let promises = settling
    settling = []
    for promise in promises { promise.succeed() }
  }

  // MARK: Time

  private func tick() {
    let now = now
    // When the event loop was busy, or the process stopped, what the peers said meanwhile is yet to be read.
    let late = now - (lastTick ?? now) - tickInterval
    lastTick = now
    for handler in handlers.values { handler.tick(now: now, after: late > tickInterval ? late : .zero) }
  }

  // MARK: The end

  /// Says goodbye, writes what is queued, and closes everything.
  func close() -> EventLoopFuture<Void> {
    guard !isClosed else { return eventLoop.makeSucceededVoidFuture() }
    distribute()
    isClosed = true
    ticking?.cancel()
    for promise in announcements.giveUpAll() { promise.succeed() }
    endAllSnapshotRequests()
    checkWhetherSettled()
    for resolver in resolvers.values { resolver.cancelQueries() }
    let channels = handlers.values.compactMap(\.channel)
    for handler in handlers.values { handler.close(.farewell(byPeer: false)) }
    // One that takes nothing is not waited for.
    let deadline = eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) {
      for channel in channels { channel.close(promise: nil) }
    }
    var closing = channels.map(\.closeFuture)
    if let server { closing.append(server.close()) }
    return EventLoopFuture.andAllComplete(closing, on: eventLoop).map { deadline.cancel() }
  }
}

/// Puts the link's handler in its place when the connection is there: an address may have several to try.
private final class DialHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private let mesh: NIOLoopBound<Mesh>
  private let address: PeerAddress

  init(_ mesh: NIOLoopBound<Mesh>, _ address: PeerAddress) {
    self.mesh = mesh
    self.address = address
  }

  func channelActive(context: ChannelHandlerContext) {
    do {
      try mesh.value.connected(context.channel, to: address)
    } catch {
      context.close(promise: nil)
    }
    context.fireChannelActive()
    context.pipeline.syncOperations.removeHandler(self, promise: nil)
  }
}

extension P2PPeer {
  fileprivate init(_ pod: PodIdentity, on link: LinkHandler) {
    self.init(
      nodeID: pod.hasKnownIncarnation ? pod.nodeID : link.remoteAddress, remoteAddress: link.remoteAddress,
      isDialled: link.dialledAddress != nil, isGoPod: !pod.hasKnownIncarnation)
  }
}

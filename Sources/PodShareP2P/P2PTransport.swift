import Logging
import NIOConcurrencyHelpers
public import NIOCore
import NIOPosix
public import PodShare
import PodShareNetworking
public import ServiceLifecycle

/// A mesh of TCP connections, one between any two pods. It needs nothing but the pods themselves.
///
/// ```swift
/// let transport = P2PTransport(listenAddress: "0.0.0.0:9101", peers: ["10.0.0.5:9101", "10.0.0.6:9101"])
/// let store = try await Store<Limits>.join("limits", over: transport)
/// ```
///
/// A pod listens, and dials the peers that it knows; it is enough if one of two knows the other. Peers come and go with
/// ``addPeer(_:)``, ``removePeer(_:)`` and ``syncPeers(_:)``, which a discoverer such as ``DNSDiscoverer`` calls. Links
/// that break are dialled again, and the stores on both sides heal what was missed meanwhile.
///
/// Plaintext unless ``P2PConfiguration/tls`` is set: anybody who reaches the port reads and writes everything.
///
/// A message goes to those peers alone that have subscribed to its topic. What many threads publish at once leaves in few
/// system calls. A peer that does not read as fast as is written costs a queue of ``P2PConfiguration/maxQueuedBytes``;
/// what does not fit is lost for that peer alone, and healed.
///
/// One event loop does all the work of a transport, and calls the stores.
public final class P2PTransport: Transport {
  let identity: PodIdentity
  let configuration: P2PConfiguration
  let eventLoop: any EventLoop
  private let ownGroup: MultiThreadedEventLoopGroup?
  private let publishing: PublishQueue
  private let subscriptions: SubscriptionTable
  private let snapshots = SnapshotSources()
  /// Whoever wants something of the event loop goes through here.
  private let access = LoopAccess()
  private let lifecycle: NIOLockedValueBox<Lifecycle>
  private let executor: EventLoopTaskExecutor

  private struct Lifecycle {
    enum Phase {
      case idle
      case starting(EventLoopFuture<NIOLoopBound<Mesh>>)
      case closed
    }

    var phase = Phase.idle
    var closing: Task<Void, Never>?
    var certificates: Task<Void, Never>?
    var boundAddress: PeerAddress?
    /// What is to be dialled once there is a mesh.
    var peers: Set<PeerAddress>
  }

  /// Makes a transport. It listens and dials once it is started, which subscribing does by itself.
  public init(configuration: P2PConfiguration) {
    self.configuration = configuration
    lifecycle = NIOLockedValueBox(Lifecycle(peers: Set(configuration.peers)))
    identity = PodIdentity(
      nodeID: configuration.nodeID ?? "pod-" + String(UInt64.random(in: 1 << 40..<1 << 50), radix: 36),
      incarnation: UInt64.random(in: PodIdentity.incarnations))
    if let group = configuration.eventLoopGroup {
      ownGroup = nil
      eventLoop = group.next()
    } else {
      let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
      ownGroup = group
      eventLoop = group.next()
    }
    publishing = PublishQueue(limits: configuration.queueLimits)
    subscriptions = SubscriptionTable()
    executor = EventLoopTaskExecutor(eventLoop)
  }

  /// Makes a transport with all else at its default.
  ///
  /// - Parameters:
  ///   - listenAddress: Where to listen; nil for a pod that only dials.
  ///   - peers: The pods to dial at first. This pod's own address may be among them.
  public convenience init(listenAddress: PeerAddress? = "127.0.0.1:0", peers: [PeerAddress] = []) {
    self.init(configuration: P2PConfiguration(listenAddress: listenAddress, peers: peers))
  }

  deinit {
    // Dropped without being closed.
    let phase = lifecycle.withLockedValue { $0.phase }
    lifecycle.withLockedValue { $0.certificates }?.cancel()
    let (group, access) = (ownGroup, access)
    if case .starting(let mesh) = phase {
      mesh.whenComplete { result in
        guard let mesh = try? result.get() else { return }
        mesh.value.close().whenComplete { _ in
          access.close { group?.shutdownGracefully { _ in } }
        }
      }
    } else if case .idle = phase {
      group?.shutdownGracefully { _ in }
    }
  }

  /// What this pod is called by others.
  public var nodeID: String { identity.nodeID }

  /// Where this pod listens: the port is known once it does. Nil before, and if it listens nowhere.
  public var listenAddress: PeerAddress? { lifecycle.withLockedValue { $0.boundAddress } }

  /// Runs tasks on the transport's event loop: a task that prefers it is not woken on another thread when a message
  /// arrives, which saves some ten microseconds. What runs there must not take long, since nothing else happens meanwhile.
  /// It must have ended before ``close()`` unless the event loop is of a group that was given: after that nothing runs there.
  ///
  /// ```swift
  /// Task(executorPreference: transport.taskExecutor) {
  ///   for try await event in store.watch(.all) { ... }
  /// }
  /// ```
  public var taskExecutor: any TaskExecutor { executor }

  // MARK: Beginning

  /// Listens, and begins to dial. Doing that again does nothing.
  ///
  /// Throws `listenFailed` if the address cannot be had, `unusableCertificates`, or `invalidConfiguration`.
  public func start() async throws(P2PError) {
    _ = try await mesh()
  }

  private func mesh() async throws(P2PError) -> NIOLoopBound<Mesh> {
    guard access.enter() else { throw .closed }
    defer { access.leave() }
    let starting = try starting()
    do {
      return try await starting.get()
    } catch let error as P2PError {
      // It can be tried again: perhaps the port is free by then.
      lifecycle.withLockedValue { lifecycle in
        guard case .starting(let begun) = lifecycle.phase, begun === starting else { return }
        lifecycle.phase = .idle
        lifecycle.certificates?.cancel()
      }
      throw error
    } catch {
      throw P2PError(.listenFailed, "\(error)")
    }
  }

  private func starting() throws(P2PError) -> EventLoopFuture<NIOLoopBound<Mesh>> {
    if let begun = try begun() { return begun }
    try configuration.validate()
    var tls: TLSContexts?
    if let options = configuration.tls { tls = try TLSContexts(options) }
    return try lifecycle.withLockedResult { lifecycle throws(P2PError) in
      switch lifecycle.phase {
      case .closed: throw .closed
      // Another thread was faster.
      case .starting(let mesh): return mesh
      case .idle:
        let mesh = makeMesh(tls, lifecycle.peers)
        lifecycle.phase = .starting(mesh)
        if let tls, let options = configuration.tls {
          lifecycle.certificates = watchCertificates(tls, options)
        }
        return mesh
      }
    }
  }

  private func begun() throws(P2PError) -> EventLoopFuture<NIOLoopBound<Mesh>>? {
    try lifecycle.withLockedResult { lifecycle throws(P2PError) in
      switch lifecycle.phase {
      case .closed: throw .closed
      case .starting(let mesh): return mesh
      case .idle: return nil
      }
    }
  }

  private func makeMesh(_ tls: TLSContexts?, _ peers: Set<PeerAddress>) -> EventLoopFuture<NIOLoopBound<Mesh>>
  {
    var configuration = configuration
    configuration.peers = peers.sorted { $0.description < $1.description }
    let (identity, eventLoop, publishing) = (identity, eventLoop, publishing)
    let (subscriptions, snapshots, access) = (subscriptions, snapshots, access)
    let wanted = configuration
    return eventLoop.flatSubmit { [weak self] in
      let mesh = Mesh(
        wanted, identity: identity, eventLoop: eventLoop, publishing: publishing,
        subscriptions: subscriptions,
        snapshots: snapshots, access: access, tls: tls)
      let bound = NIOLoopBound(mesh, eventLoop: eventLoop)
      return mesh.start().map { [weak self] address in
        self?.lifecycle.withLockedValue { $0.boundAddress = address }
        return bound
      }.flatMapErrorThrowing { error in
        throw P2PError(
          .listenFailed,
          "\(wanted.listenAddress?.description ?? "") cannot be listened on: \(DialFailure.words(error))")
      }
    }
  }

  private func watchCertificates(_ tls: TLSContexts, _ options: P2PTLS) -> Task<Void, Never> {
    Task.detached { [onError = configuration.onError, logger = configuration.logger] in
      while !Task.isCancelled {
        do { try await Task.sleep(for: options.reloadInterval) } catch { return }
        do throws(P2PError) {
          if try tls.reload() { logger?.info("certificates were read again") }
        } catch {
          logger?.warning("\(error)")
          onError?(error)
        }
      }
    }
  }

  /// What to do on the event loop with the mesh, which is made if there is none.
  private func withMesh<Result: Sendable>(
    _ body: @escaping @Sendable (Mesh) -> EventLoopFuture<Result>
  ) async throws(P2PError) -> Result {
    guard access.enter() else { throw .closed }
    defer { access.leave() }
    let mesh = try await mesh()
    do {
      return try await eventLoop.flatSubmit { body(mesh.value) }.get()
    } catch {
      throw P2PError(.closed, "\(error)")
    }
  }

  // MARK: Transport

  public func publish(_ message: ByteBuffer, to topic: String) -> PublishOutcome {
    let topic = Key(topic)
    switch publishing.add(message, to: topic) {
    case .added: break
    case .addedFirst: distributeSoon()
    case .full: return .queueFull
    case .closed: return .disconnected
    }
    for callback in subscriptions.callbacks(of: topic) { callback(.message(message)) }
    return .accepted
  }

  private func distributeSoon() {
    let isToBe = access.perform {
      guard case .starting(let mesh) = lifecycle.withLockedValue({ $0.phase }) else { return false }
      mesh.whenSuccess { $0.value.distribute() }
      return true
    }
    // Nobody is there to be told.
    if isToBe != true { _ = publishing.take() }
  }

  public func drain() async throws(TransportError) {
    do throws(P2PError) {
      try await withMesh { $0.drain() }
    } catch {
      throw error.asTransportError
    }
  }

  public func subscribe(
    to topic: String, onEvent: @escaping @Sendable (TransportEvent) -> Void
  ) async throws(TransportError) -> TransportSubscription {
    let key = Key(topic)
    do throws(P2PError) {
      // Whoever is there should be linked before the store asks who is.
      try await waitUntilSettled()
      guard let id = subscriptions.add(onEvent, to: key) else { throw .closed }
      let subscription = TransportSubscription { [weak self] in self?.unsubscribe(id, from: key) }
      try await withMesh { $0.announce(key) }
      guard !Task.isCancelled else { throw P2PError(.cancelled, "subscribing to \(key)") }
      return subscription
    } catch {
      throw error.asTransportError
    }
  }

  public func subscriberCount(of topic: String) async -> Int? {
    let key = Key(topic)
    let linked = await ask { $0.subscriberCount(of: key) } ?? 0
    return subscriptions.callbacks(of: key).count + linked
  }

  private func unsubscribe(_ id: UInt64, from topic: Key) {
    subscriptions.remove(id, from: topic)
    access.perform {
      guard case .starting(let mesh) = lifecycle.withLockedValue({ $0.phase }) else { return }
      mesh.whenSuccess { $0.value.unsubscribed(from: topic) }
    }
  }

  /// Waits until a first try to reach each peer has come to its end, but no longer than these may take.
  private func waitUntilSettled() async throws(P2PError) {
    do {
      // A future cannot be cancelled.
      try await abandonedWhenCancelled { try await self.withMesh { $0.settled() } }
    } catch let error as P2PError {
      throw error
    } catch {
      throw P2PError(.cancelled, "waiting for the peers")
    }
  }

  public func close() async throws(TransportError) {
    let closing = lifecycle.withLockedValue { lifecycle in
      if let closing = lifecycle.closing { return closing }
      var mesh: EventLoopFuture<NIOLoopBound<Mesh>>?
      if case .starting(let started) = lifecycle.phase { mesh = started }
      lifecycle.phase = .closed
      lifecycle.certificates?.cancel()
      let closing = Task.detached { [publishing, subscriptions, access, ownGroup, eventLoop] in
        if let mesh = try? await mesh?.get() {
          try? await eventLoop.flatSubmit { mesh.value.close() }.get()
        }
        publishing.close()
        subscriptions.close()
        await access.close()
        try? await ownGroup?.shutdownGracefully()
      }
      lifecycle.closing = closing
      return closing
    }
    // Cancelling the caller ends its waiting only.
    await closing.value
  }

  // MARK: Peers

  /// Dials a pod, now and whenever the link to it breaks, until it is removed. Adding it again does nothing.
  ///
  /// A host name is looked up anew each time it is dialled; of several addresses that it has, one is linked with. For all
  /// of them there is ``DNSDiscoverer``.
  public func addPeer(_ address: PeerAddress) {
    guard hasPort(address) else { return }
    onMesh({ $0.add(address) }, orBefore: { $0.insert(address) })
  }

  /// No longer dials a pod, and ends the link with it, whoever dialled it. If it comes by itself it is refused, until it is
  /// added again.
  ///
  /// The address must be the one that was added. Does nothing if there is none like it.
  public func removePeer(_ address: PeerAddress) {
    onMesh({ _ = $0.remove(address, bans: true) }, orBefore: { $0.remove(address) })
  }

  /// Makes these the addresses that are dialled: adds what is new, removes what is not there any more, and leaves the
  /// others as they are. A pod whose address is gone may still come by itself: in a fleet that is found by DNS, one that
  /// is not ready yet is not listed, and needs the others to become so.
  public func syncPeers(_ addresses: [PeerAddress]) {
    let addresses = addresses.filter(hasPort)
    let wanted = Set(addresses)
    onMesh(
      { mesh in
        for address in mesh.state.addresses where !wanted.contains(address) {
          _ = mesh.remove(address, bans: false)
        }
        for address in addresses { mesh.add(address) }
      }, orBefore: { $0 = wanted })
  }

  private func hasPort(_ address: PeerAddress) -> Bool {
    if address.port != 0 { return true }
    configuration.onError?(
      P2PError(
        .invalidConfiguration, "a peer's address has a port; this one is not dialled", peer: "\(address)"))
    return false
  }

  private func onMesh(
    _ body: @escaping @Sendable (Mesh) -> Void, orBefore before: (inout Set<PeerAddress>) -> Void
  ) {
    access.perform {
      let mesh = lifecycle.withLockedValue { lifecycle -> EventLoopFuture<NIOLoopBound<Mesh>>? in
        switch lifecycle.phase {
        case .idle:
          before(&lifecycle.peers)
          return nil
        case .starting(let mesh): return mesh
        case .closed: return nil
        }
      }
      mesh?.whenSuccess { body($0.value) }
    }
  }

  /// The addresses that are dialled, sorted, whether or not anybody is there.
  public var peers: [PeerAddress] {
    get async {
      let before = lifecycle.withLockedValue { $0.peers.sorted { $0.description < $1.description } }
      return await ask { $0.state.addresses } ?? before
    }
  }

  /// The pods that this one is linked with.
  public var linkedPeers: [P2PPeer] {
    get async { await ask { $0.linkedPeers } ?? [] }
  }

  /// Those of them that have said something: what is silent is taken for a Go pod, and may be anything.
  package var peersThatSpoke: [P2PPeer] {
    get async { await ask { $0.peersThatSpoke } ?? [] }
  }

  /// How many connections there are, also such as have not got as far as being links.
  package var connectionCount: Int {
    get async { await ask { $0.handlers.count } ?? 0 }
  }

  /// Nil if there is no mesh.
  private func ask<Answer: Sendable>(_ question: @escaping @Sendable (Mesh) -> Answer) async -> Answer? {
    guard access.enter() else { return nil }
    defer { access.leave() }
    guard case .starting(let mesh) = lifecycle.withLockedValue({ $0.phase }) else { return nil }
    return try? await mesh.map { question($0.value) }.get()
  }
}

extension NIOLockedValueBox {
  fileprivate func withLockedResult<Result>(
    _ body: (inout Value) throws(P2PError) -> Result
  ) throws(P2PError) -> Result {
    try withLockedValue { value in Swift.Result { () throws(P2PError) in try body(&value) } }.get()
  }
}

extension P2PError {
  fileprivate static let closed = P2PError(.closed, "this transport was closed")
}

extension P2PTransport: Service {
  /// Starts, waits for the end of the service group, and closes.
  public func run() async throws {
    try await start()
    do { try await gracefulShutdown() } catch {}
    try await close()
  }
}

extension P2PTransport: StateExchangeTransport {
  public func serveState(
    of topic: String, _ state: @escaping @Sendable () async -> ByteBuffer?
  ) -> TransportSubscription {
    let key = Key(topic)
    let id = snapshots.add(state, of: key)
    return TransportSubscription { [weak snapshots] in snapshots?.remove(id, of: key) }
  }

  public func fetchStates(of topic: String) async -> [ByteBuffer] {
    let key = Key(topic)
    return (try? await withMesh { $0.fetchSnapshots(of: key) }) ?? []
  }
}

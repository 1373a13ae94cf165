import NIOCore
import NIOSSL
import NIOTLS
import PodShare
import PodShareNetworking

/// One connection: feeds a ``LinkState`` with what comes in, does what it says, and sends what is queued. Lives on the
/// event loop.
final class LinkHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let id: MeshState.LinkID
  /// Where this pod dialled it; nil if it came in.
  let dialledAddress: PeerAddress?
  private let isEncrypted: Bool
  private unowned let mesh: Mesh
  private var context: ChannelHandlerContext?
  private(set) var state: LinkState
  private var reader: FrameReader
  private var queue: LinkQueue
  /// Why it ends, once it does.
  private var end: LinkEnd?
  private var endsAt: NIODeadline?
  private var isOpen = false
  private var isPumping = false
  private var isReading = false
  private var mustFlush = false
  private(set) var remoteAddress = "?"
  private var remoteHost = "?"

  /// Messages did not fit, and the other side has not been told yet.
  private var hasLostMessages = false

  // Who is to be told when what was queued has gone.
  private var drains: [Drain] = []
  private var lastSeen = (taken: LinkQueue.Progress(), waiting: 0)
  private var lastProgress: NIODeadline

  private var listeners: CallbackCache

  init(_ id: MeshState.LinkID, dialledAt address: PeerAddress?, mesh: Mesh) {
    let now = mesh.now
    self.id = id
    dialledAddress = address
    self.mesh = mesh
    isEncrypted = mesh.isEncrypted
    state = LinkState(rules: mesh.linkRules, now: now)
    reader = FrameReader(maxLength: state.maxFrameBytes)
    queue = LinkQueue(limits: mesh.queueLimits)
    listeners = CallbackCache(of: mesh.subscriptions)
    lastProgress = now
  }

  var channel: (any Channel)? { context?.channel }

  /// Whether messages can go out.
  var isReady: Bool { isOpen && end == nil }

  var isGoPod: Bool { state.phase == .goPod }

  /// Whether another pod made it and has not said a word since.
  var isSilent: Bool { dialledAddress == nil && !state.hasSpoken && end == nil }

  /// Whether the other side has said anything yet.
  var hasSpoken: Bool { state.hasSpoken }

  var peerName: String {
    switch state.phase {
    case .greeted(let hello), .established(let hello): hello.nodeID
    // The port of one that came in is another each time.
    case .greeting, .goPod, .ended: dialledAddress?.description ?? remoteHost
    }
  }

  /// Whether a parcel is for the other side.
  func wants(_ parcel: Parcel) -> Bool {
    isGoPod ? parcel.isForGoPods : state.wants(parcel.topic)
  }

  // MARK: The channel

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive { begin(context) }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
  }

  func channelActive(context: ChannelHandlerContext) {
    begin(context)
    context.fireChannelActive()
  }

  private func begin(_ context: ChannelHandlerContext) {
    remoteAddress = context.remoteAddress?.shortDescription ?? "?"
    remoteHost = context.remoteAddress?.ipAddress ?? remoteAddress
    if !isEncrypted { open() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted? = event as? TLSUserEvent { open() }
    context.fireUserInboundEventTriggered(event)
  }

  private func open() {
    guard !isOpen else { return }
    isOpen = true
    send(.hello, payload: state.hello.encoded())
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard state.phase != .ended else { return }
    isReading = true
    defer { isReading = false }
    let now = mesh.now
    state.heard(now: now)
    reader.append(unwrapInboundIn(data))
    do throws(FrameError) {
      while let frame = try reader.next() {
        state.frameEnded()
        receive(frame)
        guard state.phase != .ended else { return }
      }
    } catch {
      close(LinkEnd(error))
    }
    state.frameIsIncomplete(reader.isInsideFrame, now: now)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if mustFlush {
      mustFlush = false
      context.flush()
    }
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    pump()
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if let error = error as? NIOSSLError, case .uncleanShutdown = error, end != nil { return }
    // A certificate that the other side refuses shows only after this side's part of the handshake.
    let isAdmitted = isOpen && state.phase != .greeting
    guard isEncrypted, !isAdmitted else { return close(.failed(DialFailure.words(error))) }
    let failure = TLSFailure(error, trusted: "the fleet's authority")
    switch failure.kind {
    case .goneInHandshake: close(.goneInHandshake(failure.description))
    case .untrusted: close(.tlsFailed(failure.description, .untrustedCertificate))
    case .certificateWanted: close(.tlsFailed(failure.description, .certificateWanted))
    case nil: close(.tlsFailed(failure.description, nil))
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    isOpen = false
    queue.removeAll()
    endDrains()
    let end = self.end ?? (dialledAddress != nil && state.phase == .greeting ? .closedEarly : .closed)
    let peer = peerName
    state.end()
    mesh.closed(self, end, peer: peer)
    context.fireChannelInactive()
  }

  // MARK: What comes in

  private func receive(_ frame: Frame) {
    switch state.receive(frame) {
    case .nothing: break
    case .deliver(let topic, let message):
      for callback in listeners.callbacks(of: topic) { callback(.message(message)) }
    case .tellSubscriptions:
      queue.splitsLargeMessages = true
      reader.maxLength = state.maxFrameBytes
      mesh.tellSubscriptions(to: self)
      send(.ready)
    case .begin(let hello):
      if let identity = hello.identity { mesh.established(self, identity) }
    case .beginWithGoPod:
      beginWithGoPod()
      receive(frame)
    case .subscriptionsChanged(let number):
      mesh.routesChanged()
      if let number { send(.subscribed, payload: ByteBuffer(integer: number)) }
    case .acknowledged(let number): mesh.acknowledged(number, by: id)
    case .messagesLost: mesh.messagesWereLost()
    case .sendSnapshot(let topic): mesh.snapshotRequested(of: topic, by: self)
    case .snapshotArrived(let topic, let snapshot): mesh.snapshotArrived(snapshot, of: topic, from: id)
    case .useOtherLink:
      mesh.useOther(than: id)
      close(.redundant)
    case .end(let end): close(end)
    }
  }

  private func beginWithGoPod() {
    queue.splitsLargeMessages = false
    reader.maxLength = state.maxFrameBytes
    mesh.established(self, PodIdentity(unnamed: id))
  }

  /// Somebody has ceased to listen to something.
  func forgetListeners() { listeners.removeAll() }

  // MARK: What goes out

  /// A frame that does not wait in the queue. There are few, and they are small.
  func send(_ kind: Frame.Kind, topic: String = "", payload: ByteBuffer = ByteBuffer()) {
    guard isOpen, let context else { return }
    if !context.channel.isWritable {
      // It has something to read, and will see from that that this pod is there.
      if kind == .ping { return }
      // It goes on asking and does not read the answers.
      guard bytesInChannel <= mesh.queueLimits.bytes + Self.bytesBesideQueue else {
        return close(.failed("it does not read what it is answered"))
      }
    }
    var frame = ByteBuffer()
    frame.writeFrame(kind, topic: topic, payload: payload)
    context.write(wrapOutboundOut(frame), promise: nil)
    // What is said in answer to what is being read leaves at once when that has been read.
    if isReading { mustFlush = true } else { context.flush() }
    state.sent(now: mesh.now)
  }

  private static var bytesBesideQueue: Int { 1_024 * 1_024 }

  /// Queues a parcel. It goes out with the next ``pump()``.
  func add(_ parcel: Parcel) {
    guard isReady else { return }
    guard !queue.add(parcel) else { return }
    if !hasLostMessages {
      mesh.report(.slowPeer, "its queue is full; messages to it are lost", peer: peerName)
    }
    hasLostMessages = true
  }

  /// Hands as much as it takes to the channel, which writes it in as few system calls as can be.
  func pump() {
    // Writing can change what the channel says of itself, which would call this again.
    guard isOpen, !isPumping, let context, !queue.isEmpty else { return }
    isPumping = true
    defer { isPumping = false }
    repeat {
      var written = 0
      // TLS encrypts only what is flushed, so only then does the channel know how much there is.
      while written < Self.bytesWrittenAtOnce, context.channel.isWritable, let piece = queue.next() {
        written += piece.bytes.readableBytes
        write(piece, to: context)
      }
      context.flush()
    } while context.channel.isWritable && !queue.isEmpty
    state.sent(now: mesh.now)
    if queue.isEmpty, hasLostMessages {
      hasLostMessages = false
      if !isGoPod { send(.lost) }
    }
    advanceDrains()
  }

  private func write(_ piece: LinkQueue.Piece, to context: ChannelHandlerContext) {
    if let header = piece.header { context.write(wrapOutboundOut(header), promise: nil) }
    context.write(wrapOutboundOut(piece.bytes), promise: nil)
  }

  private static var bytesWrittenAtOnce: Int { 256 * 1_024 }

  // MARK: Waiting until it has gone

  private struct Drain {
    let target: LinkQueue.Progress
    let promise: EventLoopPromise<Void>
    /// All of it has been handed to the channel.
    var isHandedOver = false
  }

  /// Succeeds when all that is queued has been written, or if the other side takes nothing for a while. Nil if there is
  /// nothing to wait for.
  func drain() -> EventLoopFuture<Void>? {
    guard isReady, let context else { return nil }
    if drains.isEmpty {
      lastProgress = mesh.now
      lastSeen = (queue.taken, bytesInChannel)
    }
    let promise = context.eventLoop.makePromise(of: Void.self)
    drains.append(Drain(target: queue.added, promise: promise))
    advanceDrains()
    return promise.futureResult
  }

  private func advanceDrains() {
    for index in drains.indices
    where !drains[index].isHandedOver && queue.taken.hasReached(drains[index].target) {
      drains[index].isHandedOver = true
      guard let context, isOpen else { continue }
      // Written when all before it is.
      let written = context.eventLoop.makePromise(of: Void.self)
      context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
      written.futureResult.cascade(to: drains[index].promise)
    }
  }

  private func endDrains() {
    for drain in drains { drain.promise.succeed() }
    drains = []
  }

  private func forgetDrains(_ now: NIODeadline) {
    guard !drains.isEmpty else { return }
    let waiting = bytesInChannel
    // It may grow by what is said beside the queue.
    if queue.taken != lastSeen.taken || waiting < lastSeen.waiting {
      lastSeen = (queue.taken, waiting)
      lastProgress = now
    } else if now - lastProgress >= Self.patience || (waiting == 0 && queue.isEmpty) {
      endDrains()
    }
  }

  /// What the channel has been given and the system has not taken.
  private var bytesInChannel: Int {
    (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
  }

  /// One that takes nothing for so long is not waited for.
  private static var patience: TimeAmount { .seconds(1) }

  // MARK: Time

  /// - Parameter stall: How long this pod did not get round to listening.
  func tick(now: NIODeadline, after stall: TimeAmount) {
    if stall > .zero { state.excuse(stall) }
    if let endsAt {
      if now >= endsAt { context?.close(promise: nil) }
      return
    }
    forgetDrains(now)
    switch state.tick(now: now) {
    case .nothing: break
    case .sendPing: if isOpen { send(.ping) }
    case .beginWithGoPod:
      if isOpen, !mesh.isKnownPod(at: dialledAddress) { beginWithGoPod() } else { close(.noHandshake) }
    case .end(let end): close(end)
    }
  }

  // MARK: The end

  /// Says why, if the other side would not know, writes what is queued if that is of use, and closes. At the latest in a
  /// second.
  func close(_ end: LinkEnd) {
    guard self.end == nil else { return }
    self.end = end
    endsAt = mesh.now + Self.timeToEnd
    guard isOpen, let context else {
      context?.close(promise: nil)
      return
    }
    switch end {
    case .redundant where dialledAddress != nil:
      // The other side writes what it still has for this link, and then closes it.
      writeAll()
      send(.redundant)
      return
    case .redundant, .farewell(byPeer: false):
      writeAll()
      if end != .redundant { send(.goodbye) }
    default:
      if let text = end.textForPeer { send(.refused, payload: ByteBuffer(string: text)) }
    }
    if case .redundant = end {} else { state.end() }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
      context.close(promise: nil)
    }
  }

  /// Ends it at once, without a word to the other side.
  func abandon(_ end: LinkEnd) {
    guard self.end == nil else { return }
    let peer = peerName
    self.end = end
    endsAt = mesh.now + Self.timeToEnd
    state.end()
    mesh.closed(self, end, peer: peer)
    context?.close(promise: nil)
  }

  private func writeAll() {
    guard let context else { return }
    isPumping = true
    while let piece = queue.next() { write(piece, to: context) }
    context.flush()
    isPumping = false
    advanceDrains()
  }

  private static var timeToEnd: TimeAmount { .seconds(1) }
}

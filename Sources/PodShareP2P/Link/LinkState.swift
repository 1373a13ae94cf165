import NIOCore
import PodShare

/// What one connection has come to, as a value: what the other side is, what it has subscribed to, when it was heard
/// last. It is told what comes in and that time passes, and says what is to be done.
///
/// ```
/// greeting --hello--> greeted --ready--> established
///    |  \--frames 1-3, or nothing in time--> goPod --hello--> greeted
///    any of them --an error, a farewell, silence--> ended
/// ```
struct LinkState {
  struct Rules {
    var identity: PodIdentity
    var cluster: String
    var keepAlive: Duration
    /// How long the other side may take to introduce itself.
    var handshakeTimeout: Duration
    /// How long a frame may take to arrive whole, and how long a message in parts may not grow.
    var frameTimeout: Duration
    /// Whether one that does not introduce itself is taken for a pod of the Go library.
    var acceptsGoPods: Bool
    /// The most that a frame from a Go pod may have.
    var maxFrameBytes: Int
  }

  enum Phase: Equatable {
    case greeting
    case greeted(Hello)
    case established(Hello)
    case goPod
    case ended
  }

  /// What is to be done about a frame.
  enum Action: Equatable {
    case nothing
    /// A message for the subscribers to the topic.
    case deliver(topic: ByteBuffer, ByteBuffer)
    /// The other side is a pod of this library and of this cluster. Tell it the subscriptions, then that this is all.
    case tellSubscriptions
    /// Messages can go both ways.
    case begin(Hello)
    /// It is a pod of the Go library. The frame that showed it is to be looked at again.
    case beginWithGoPod
    /// Its subscriptions changed. If there is a number, send it back.
    case subscriptionsChanged(acknowledge: UInt64?)
    case acknowledged(UInt64)
    /// It had messages for this pod that are lost.
    case messagesLost
    case sendSnapshot(topic: ByteBuffer)
    case snapshotArrived(topic: ByteBuffer, ByteBuffer)
    /// It uses another link.
    case useOtherLink
    /// Say why, if there is something to say, and close.
    case end(LinkEnd)
  }

  /// What is to be done as time passes.
  enum TickAction: Equatable {
    case nothing
    case sendPing
    case beginWithGoPod
    case end(LinkEnd)
  }

  let rules: Rules
  private(set) var phase = Phase.greeting
  private(set) var topics: Set<Key> = []
  private var assembly: (topic: ByteBuffer, bytes: ByteBuffer)?
  /// When the message that comes in parts has last become longer; nil if there is none.
  private var assemblyGrew: NIODeadline?
  private let opened: NIODeadline
  private var lastReceived: NIODeadline
  /// The other side has said something, whatever that was.
  private(set) var hasSpoken = false
  private var lastSent: NIODeadline
  private var frameBegan: NIODeadline?

  init(rules: Rules, now: NIODeadline) {
    self.rules = rules
    opened = now
    lastReceived = now
    lastSent = now
  }

  /// The first frame to send.
  var hello: Hello {
    Hello(identity: rules.identity, cluster: rules.cluster, keepAlive: rules.keepAlive)
  }

  /// The most that the length of the next frame may say.
  var maxFrameBytes: Int {
    switch phase {
    case .greeted, .established: FrameLimits.linkFrameBytes
    // Who speaks first may be either.
    case .greeting, .goPod:
      rules.acceptsGoPods ? rules.maxFrameBytes : Hello.maxBytes + Frame.overhead
    case .ended: 0
    }
  }

  /// Whether messages to the topic are for the other side. A Go pod wants all that it can read.
  func wants(_ topic: Key) -> Bool { topics.contains(topic) }

  mutating func sent(now: NIODeadline) { lastSent = now }

  /// This pod was not able to listen for so long: nobody else was silent meanwhile.
  mutating func excuse(_ time: TimeAmount) {
    lastReceived = lastReceived + time
    assemblyGrew = assemblyGrew.map { $0 + time }
  }

  /// Bytes came in. Whether they left a frame begun and not whole is known only after they were read.
  mutating func heard(now: NIODeadline) {
    lastReceived = now
    hasSpoken = true
  }

  mutating func frameIsIncomplete(_ isIncomplete: Bool, now: NIODeadline) {
    if !isIncomplete {
      frameBegan = nil
    } else if frameBegan == nil {
      frameBegan = now
    }
  }

  /// Another frame was whole: what comes now is a new one.
  mutating func frameEnded() { frameBegan = nil }

  mutating func end() {
    phase = .ended
    topics = []
    assembly = nil
    assemblyGrew = nil
  }

  // MARK: Frames

  mutating func receive(_ frame: Frame) -> Action {
    switch phase {
    case .ended: return .nothing
    case .greeting: return greet(frame)
    case .goPod: return receiveFromGoPod(frame)
    case .greeted(let hello): return receiveFromPod(frame, hello, isEstablished: false)
    case .established(let hello): return receiveFromPod(frame, hello, isEstablished: true)
    }
  }

  private mutating func greet(_ frame: Frame) -> Action {
    switch frame.kind {
    case .hello: return receiveHello(frame.payload)
    case .refused: return receiveRefusal(frame.payload)
    case .message, .snapshotRequest, .snapshotResponse:
      guard rules.acceptsGoPods else { return end(.noHandshake) }
      phase = .goPod
      return .beginWithGoPod
    default:
      // A version to come may introduce itself otherwise; a Go pod passes over what it does not know.
      return .nothing
    }
  }

  private mutating func receiveHello(_ payload: ByteBuffer) -> Action {
    let hello: Hello
    do throws(FrameError) {
      hello = try Hello(payload)
    } catch {
      return end(.badFrame(error.description))
    }
    guard hello.isSpoken() else { return end(.otherVersion(hello.oldestVersion, hello.newestVersion)) }
    guard hello.cluster.byteOrder(to: rules.cluster) == .same else {
      return end(.otherCluster(hello.cluster))
    }
    guard let identity = hello.identity else { return end(.badFrame("a node ID too many")) }
    guard identity != rules.identity else { return end(.reachedItself) }
    phase = .greeted(hello)
    return .tellSubscriptions
  }

  private mutating func receiveRefusal(_ payload: ByteBuffer) -> Action {
    // It is shown to people: no more of it than they can read.
    end(.refusedByPeer(String(decoding: payload.readableBytesView.prefix(500), as: UTF8.self)))
  }

  private mutating func receiveFromPod(_ frame: Frame, _ hello: Hello, isEstablished: Bool) -> Action {
    switch frame.kind {
    case .message where isEstablished:
      return .deliver(topic: frame.topic, frame.payload)
    case .part where isEstablished, .lastPart where isEstablished:
      return assemble(frame)
    case .ready where !isEstablished:
      phase = .established(hello)
      return .begin(hello)
    case .subscribe: return subscribe(frame)
    case .unsubscribe:
      guard let topic = frame.topic.key else { return end(.badFrame("a topic that is not text")) }
      return topics.remove(topic) == nil ? .nothing : .subscriptionsChanged(acknowledge: nil)
    case .subscribed:
      return frame.number.map { .acknowledged($0) } ?? .nothing
    case .lost: return .messagesLost
    case .redundant: return .useOtherLink
    case .refused: return receiveRefusal(frame.payload)
    case .goodbye: return end(.farewell(byPeer: true))
    case .message, .part, .lastPart: return end(.badFrame("a message before the subscriptions"))
    case .hello: return end(.badFrame("a second greeting"))
    // What later versions add.
    default: return .nothing
    }
  }

  private mutating func subscribe(_ frame: Frame) -> Action {
    guard let topic = frame.topic.key, WireLimits.topicBytes.contains(topic.string.utf8.count) else {
      return end(.badFrame("a subscription to what is no topic"))
    }
    guard topics.count < FrameLimits.topicsPerLink || topics.contains(topic) else {
      return end(.badFrame("more than \(FrameLimits.topicsPerLink) subscriptions"))
    }
    topics.insert(topic)
    let number = frame.number ?? 0
    return .subscriptionsChanged(acknowledge: number == 0 ? nil : number)
  }

  private mutating func assemble(_ frame: Frame) -> Action {
    var message = ByteBuffer()
    if let begun = assembly.take() {
      guard begun.topic == frame.topic else { return end(.badFrame("parts of two messages in one")) }
      message = begun.bytes
    }
    guard message.readableBytes + frame.payload.readableBytes <= FrameLimits.messageBytes else {
      return end(.badFrame("a message of more than \(FrameLimits.messageBytes) bytes"))
    }
    message.writeImmutableBuffer(frame.payload)
    guard frame.kind == .lastPart else {
      assembly = (frame.topic, message)
      // Parts with nothing in them would keep it for ever.
      if assemblyGrew == nil || frame.payload.readableBytes > 0 { assemblyGrew = lastReceived }
      return .nothing
    }
    assemblyGrew = nil
    return .deliver(topic: frame.topic, message)
  }

  private mutating func receiveFromGoPod(_ frame: Frame) -> Action {
    switch frame.kind {
    case .message: .deliver(topic: frame.topic, frame.payload)
    case .snapshotRequest: .sendSnapshot(topic: frame.topic)
    case .snapshotResponse: .snapshotArrived(topic: frame.topic, frame.payload)
    // It was slow, not from Go.
    case .hello: receiveHello(frame.payload)
    case .refused: receiveRefusal(frame.payload)
    default: .nothing
    }
  }

  private mutating func end(_ end: LinkEnd) -> Action {
    self.end()
    return .end(end)
  }

  // MARK: Time

  mutating func tick(now: NIODeadline) -> TickAction {
    for waitingSince in [frameBegan, assemblyGrew] {
      guard let waitingSince, now - waitingSince >= TimeAmount(rules.frameTimeout) else { continue }
      return timeOut(.slowFrame)
    }
    switch phase {
    case .ended: return .nothing
    case .greeting:
      guard now - opened >= TimeAmount(rules.handshakeTimeout) else { return .nothing }
      // Some bytes and no frame: whatever that is, it is not a pod that waits for something to say.
      guard rules.acceptsGoPods, frameBegan == nil else { return timeOut(.noHandshake) }
      phase = .goPod
      return .beginWithGoPod
    // It says nothing as long as nothing happens; whether it is there the kernel finds out.
    case .goPod: return .nothing
    case .greeted(let hello):
      guard now - opened < TimeAmount(rules.handshakeTimeout) * 2 else { return timeOut(.noHandshake) }
      return tick(now: now, hello)
    case .established(let hello): return tick(now: now, hello)
    }
  }

  private mutating func tick(now: NIODeadline, _ hello: Hello) -> TickAction {
    // A peer that speaks less often than this pod must not be taken for dead.
    let patience = max(rules.keepAlive, hello.keepAlive) * Self.missedKeepAlives
    guard now - lastReceived < TimeAmount(patience) else { return timeOut(.silence(patience)) }
    guard now - lastSent >= TimeAmount(rules.keepAlive) else { return .nothing }
    return .sendPing
  }

  private mutating func timeOut(_ end: LinkEnd) -> TickAction {
    self.end()
    return .end(end)
  }

  /// A pod is silent when it has missed so many of its own keep-alive intervals.
  private static var missedKeepAlives: Int { 3 }
}

extension Frame {
  fileprivate var number: UInt64? { payload.getInteger(at: payload.readerIndex) }
}

extension ByteBuffer {
  var key: Key? { String(validating: readableBytesView, as: UTF8.self).map(Key.init) }
}

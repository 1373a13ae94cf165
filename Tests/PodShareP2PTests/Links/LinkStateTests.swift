import NIOCore
import Testing

@testable import struct PodShare.Key
@testable import struct PodShare.PodIdentity
@testable import struct PodShareP2P.Frame
@testable import enum PodShareP2P.FrameLimits
@testable import struct PodShareP2P.Hello
@testable import enum PodShareP2P.LinkEnd
@testable import struct PodShareP2P.LinkState

@Suite("A link as a state machine", .timeLimit(.minutes(1)))
struct LinkStateTests {
  private static let me = PodIdentity(nodeID: "me", incarnation: 1)
  private static let other = PodIdentity(nodeID: "other", incarnation: 2)

  private static func rules(acceptsGoPods: Bool = true) -> LinkState.Rules {
    LinkState.Rules(
      identity: me, cluster: "blue", keepAlive: .seconds(1), handshakeTimeout: .seconds(2),
      frameTimeout: .seconds(30),
      acceptsGoPods: acceptsGoPods, maxFrameBytes: 64 * 1_024 * 1_024)
  }

  /// Time is what the test says it is.
  private final class Link {
    var state: LinkState
    var now = NIODeadline.uptimeNanoseconds(1)

    init(acceptsGoPods: Bool = true) {
      state = LinkState(rules: LinkStateTests.rules(acceptsGoPods: acceptsGoPods), now: now)
    }

    func receive(_ kind: Frame.Kind, topic: String = "", _ payload: ByteBuffer = ByteBuffer())
      -> LinkState.Action
    {
      state.heard(now: now)
      return state.receive(Frame(kind: kind, topic: ByteBuffer(string: topic), payload: payload))
    }

    func hello(
      _ identity: PodIdentity = other, cluster: String = "blue", keepAlive: Duration = .seconds(1),
      _ change: (inout Hello) -> Void = { _ in }
    ) -> LinkState.Action {
      var hello = Hello(identity: identity, cluster: cluster, keepAlive: keepAlive)
      change(&hello)
      return receive(.hello, hello.encoded())
    }

    func wait(_ time: TimeAmount) -> LinkState.TickAction {
      now = now + time
      return state.tick(now: now)
    }

    /// Makes it a link with another pod of this library.
    func establish() {
      _ = hello()
      _ = receive(.ready)
    }
  }

  @Test("A greeting, the subscriptions, then messages")
  func handshake() {
    let link = Link()
    #expect(link.hello() == .tellSubscriptions)
    #expect(
      link.receive(.subscribe, topic: "t", ByteBuffer(integer: UInt64(5)))
        == .subscriptionsChanged(acknowledge: 5))
    #expect(
      link.receive(.ready) == .begin(Hello(identity: Self.other, cluster: "blue", keepAlive: .seconds(1))))
    #expect(link.state.wants(Key("t")) && !link.state.wants(Key("u")))
    let message = ByteBuffer(string: "m")
    #expect(link.receive(.message, topic: "t", message) == .deliver(topic: ByteBuffer(string: "t"), message))
    #expect(link.receive(.unsubscribe, topic: "t") == .subscriptionsChanged(acknowledge: nil))
    #expect(!link.state.wants(Key("t")))
    #expect(link.receive(.goodbye) == .end(.farewell(byPeer: true)))
    #expect(link.receive(.message, topic: "t", message) == .nothing, "after the end nothing counts")
  }

  @Test(
    "Another cluster, another version, this very pod, a greeting that is none: each ends the link for its reason"
  )
  func refusals() {
    #expect(Link().hello(cluster: "green") == .end(.otherCluster("green")))
    #expect(Link().hello(Self.me) == .end(.reachedItself))
    #expect(
      Link().hello {
        $0.newestVersion = 9
        $0.oldestVersion = 2
      } == .end(.otherVersion(2, 9)))
    #expect(
      Link().hello {
        $0.newestVersion = 9
        $0.oldestVersion = 1
      } == .tellSubscriptions, "one that speaks ours as well is welcome")
    guard case .end(.badFrame) = Link().receive(.hello, ByteBuffer(string: "nonsense")) else {
      Issue.record("nonsense was taken for a greeting")
      return
    }
  }

  @Test(
    "Who speaks as a Go pod, or says nothing in time, is taken for one; and for what it is if it greets later"
  )
  func goPods() {
    let speaking = Link()
    let request = { speaking.receive(.snapshotRequest, topic: "t") }
    #expect(request() == .beginWithGoPod)
    #expect(request() == .sendSnapshot(topic: ByteBuffer(string: "t")))
    let silent = Link()
    #expect(silent.wait(.seconds(1)) == .nothing)
    #expect(silent.wait(.seconds(1)) == .beginWithGoPod)
    #expect(silent.wait(.hours(10)) == .nothing, "it has nothing to say as long as nothing happens")
    #expect(silent.hello() == .tellSubscriptions)
    let strict = Link(acceptsGoPods: false)
    #expect(strict.receive(.message, topic: "t") == .end(.noHandshake))
    #expect(Link(acceptsGoPods: false).wait(.seconds(2)) == .end(.noHandshake))
  }

  @Test("A frame that does not come to its end ends the link, before a greeting as soon as that is overdue")
  func slowFrames() {
    let early = Link()
    early.state.frameIsIncomplete(true, now: early.now)
    #expect(early.wait(.seconds(2)) == .end(.noHandshake))
    let late = Link()
    late.establish()
    late.state.frameIsIncomplete(true, now: late.now)
    for _ in 0..<29 {
      _ = late.receive(.ping)
      late.state.frameIsIncomplete(true, now: late.now)
      #expect(late.wait(.seconds(1)) != .end(.slowFrame))
    }
    #expect(late.wait(.seconds(1)) == .end(.slowFrame))
  }

  @Test(
    "A large message that does not grow ends the link, whatever else comes; one that grows slowly does not")
  func slowMessages() {
    let link = Link()
    link.establish()
    let part = ByteBuffer(repeating: 1, count: 10)
    for _ in 0..<10 {
      #expect(link.receive(.part, topic: "t", part) == .nothing)
      for _ in 0..<20 {
        _ = link.receive(.message, topic: "u", part)
        #expect(link.wait(.seconds(1)) != .end(.slowFrame))
      }
    }
    // Nothing is no growth.
    for _ in 0..<9 {
      _ = link.receive(.part, topic: "t")
      #expect(link.wait(.seconds(1)) != .end(.slowFrame))
    }
    #expect(link.wait(.seconds(1)) == .end(.slowFrame))
    let finished = Link()
    finished.establish()
    _ = finished.receive(.part, topic: "t", part)
    _ = finished.receive(.lastPart, topic: "t", part)
    for _ in 0..<60 {
      _ = finished.receive(.ping)
      #expect(finished.wait(.seconds(1)) != .end(.slowFrame))
    }
  }

  @Test(
    "A peer is silent after three of its own keep-alive intervals; a pod that was stopped itself does not judge"
  )
  func silence() {
    let link = Link()
    link.establish()
    #expect(link.wait(.milliseconds(999)) == .nothing)
    #expect(link.wait(.milliseconds(1)) == .sendPing)
    link.state.sent(now: link.now)
    #expect(link.wait(.milliseconds(1_999)) != .end(.silence(.seconds(3))))
    #expect(link.wait(.milliseconds(1)) == .end(.silence(.seconds(3))))
    let slow = Link()
    _ = slow.hello(keepAlive: .seconds(10))
    _ = slow.receive(.ready)
    #expect(slow.wait(.seconds(29)) == .sendPing)
    #expect(slow.wait(.seconds(1)) == .end(.silence(.seconds(30))))
    let stopped = Link()
    stopped.establish()
    stopped.state.excuse(.seconds(60))
    #expect(stopped.wait(.seconds(62)) == .sendPing)
    #expect(stopped.wait(.seconds(1)) == .end(.silence(.seconds(3))))
  }

  @Test("Parts become one message, whatever comes between them; more than a message may have does not")
  func parts() {
    let link = Link()
    link.establish()
    let part = ByteBuffer(repeating: 1, count: FrameLimits.partBytes)
    #expect(link.receive(.part, topic: "t", part) == .nothing)
    let small = ByteBuffer(string: "small")
    #expect(link.receive(.message, topic: "u", small) == .deliver(topic: ByteBuffer(string: "u"), small))
    let whole = ByteBuffer(repeating: 1, count: FrameLimits.partBytes + 1)
    #expect(
      link.receive(.lastPart, topic: "t", ByteBuffer(repeating: 1, count: 1))
        == .deliver(topic: ByteBuffer(string: "t"), whole))
    for _ in 0..<(FrameLimits.messageBytes / FrameLimits.partBytes) {
      #expect(link.receive(.part, topic: "t", part) == .nothing)
    }
    guard case .end(.badFrame) = link.receive(.part, topic: "t", ByteBuffer(repeating: 1, count: 1)) else {
      Issue.record("a message grew beyond all bounds")
      return
    }
    let mixed = Link()
    mixed.establish()
    _ = mixed.receive(.part, topic: "t", part)
    guard case .end(.badFrame) = mixed.receive(.part, topic: "u", part) else {
      Issue.record("parts of two messages became one")
      return
    }
  }

  @Test("What is out of place, or no topic, ends the link; what is unknown is passed over")
  func outOfPlace() {
    let bad: [(Frame.Kind, String)] = [
      (.hello, ""), (.subscribe, ""), (.subscribe, String(repeating: "x", count: 1_025)),
    ]
    for (kind, topic) in bad {
      let link = Link()
      link.establish()
      guard case .end(.badFrame) = link.receive(kind, topic: topic) else {
        Issue.record("\(kind) \(topic) was accepted")
        continue
      }
    }
    let early = Link()
    _ = early.hello()
    guard case .end(.badFrame) = early.receive(.message, topic: "t") else {
      Issue.record("a message before the subscriptions was accepted")
      return
    }
    let link = Link()
    #expect(link.receive(Frame.Kind(rawValue: 200)) == .nothing)
    link.establish()
    #expect(link.receive(Frame.Kind(rawValue: 200)) == .nothing)
    #expect(link.state.maxFrameBytes == FrameLimits.linkFrameBytes)
  }
}

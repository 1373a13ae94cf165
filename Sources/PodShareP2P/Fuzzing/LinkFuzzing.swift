import NIOCore
import PodShare

/// Feeds a link with bytes and time, as a connection would, and traps if a property does not hold.
///
/// Not for users: the package `Fuzz` of this repository calls it, which cannot see what is internal.
@_spi(Fuzzing)
public enum LinkFuzzing {
  /// The first byte says in how large pieces the others come, and whether a proper greeting comes before them.
  public static func run(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let bytes = Array(input.dropFirst())
    let isGreeted = first & 1 == 1
    var whole = Conversation(isGreeted: isGreeted)
    var pieces = whole
    var slow = whole
    precondition(
      whole.hear(bytes, inPiecesOf: max(bytes.count, 1))
        == pieces.hear(bytes, inPiecesOf: Int(first >> 1) + 1),
      "what comes of the bytes depends on the pieces in which they come")
    slow.hearSlowly(bytes)
  }

  /// One link, until its end.
  private struct Conversation {
    private static let maxFrameBytes = 4_096
    private var state: LinkState
    private var reader: FrameReader
    private var now = NIODeadline.uptimeNanoseconds(1)

    init(isGreeted: Bool) {
      let rules = LinkState.Rules(
        identity: PodIdentity(nodeID: "fuzz", incarnation: 1), cluster: "", keepAlive: .seconds(1),
        handshakeTimeout: .seconds(2), frameTimeout: .seconds(30), acceptsGoPods: true,
        maxFrameBytes: Self.maxFrameBytes)
      state = LinkState(rules: rules, now: now)
      reader = FrameReader(maxLength: state.maxFrameBytes)
      guard isGreeted else { return }
      let hello = Hello(
        identity: PodIdentity(nodeID: "other", incarnation: 2), cluster: "", keepAlive: .seconds(1))
      var greeting = ByteBuffer()
      greeting.writeFrame(.hello, payload: hello.encoded())
      greeting.writeFrame(.ready)
      _ = hear(greeting)
    }

    /// All that is to be done, in order.
    mutating func hear(_ bytes: [UInt8], inPiecesOf size: Int) -> [LinkState.Action] {
      var actions: [LinkState.Action] = []
      var rest = bytes[...]
      while !rest.isEmpty {
        actions += hear(ByteBuffer(bytes: rest.prefix(size)))
        rest = rest.dropFirst(size)
      }
      return actions
    }

    /// A byte a second, with ticks in between.
    mutating func hearSlowly(_ bytes: [UInt8]) {
      for byte in bytes {
        _ = hear(ByteBuffer(integer: byte))
        now = now + .seconds(1)
        if case .end = state.tick(now: now) {
          precondition(state.phase == .ended, "a link that ends goes on")
        }
      }
    }

    private mutating func hear(_ bytes: ByteBuffer) -> [LinkState.Action] {
      guard state.phase != .ended else { return [] }
      state.heard(now: now)
      reader.append(bytes)
      var actions: [LinkState.Action] = []
      do throws(FrameError) {
        while let frame = try reader.next() {
          state.frameEnded()
          actions += perform(frame)
          guard state.phase != .ended else { return actions }
        }
      } catch {
        state.end()
      }
      state.frameIsIncomplete(reader.isInsideFrame, now: now)
      return actions
    }

    private mutating func perform(_ frame: Frame) -> [LinkState.Action] {
      let action = state.receive(frame)
      precondition(state.topics.count <= FrameLimits.topicsPerLink, "subscriptions without bounds")
      switch action {
      case .beginWithGoPod:
        precondition(state.phase == .goPod, "a Go pod is taken for something else")
        return [action] + perform(frame)
      case .tellSubscriptions:
        reader.maxLength = state.maxFrameBytes
      case .deliver(_, let message):
        precondition(message.readableBytes <= FrameLimits.messageBytes, "a message without bounds")
      case .end:
        precondition(state.phase == .ended, "a link that ends goes on")
        precondition(state.receive(frame) == .nothing, "something comes of a link that has ended")
      default: break
      }
      return [action]
    }
  }
}

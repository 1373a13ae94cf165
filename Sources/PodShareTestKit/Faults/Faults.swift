/// What a ``FaultyTransport`` does wrong: nothing, unless told.
///
/// ```swift
/// transport.faults = Faults(outbound: .init(loss: 0.3), inbound: .init(delay: .zero ... .seconds(1)))
/// transport.change { $0.inbound.isCut = true }
/// ```
public struct Faults: Sendable, Hashable {
  /// What happens to the messages that go in one direction.
  public struct Direction: Sendable, Hashable {
    /// How likely a message is lost without a word, from 0 to 1. Default 0.
    public var loss: Double {
      didSet { Self.check(loss, "loss") }
    }

    /// How likely a message arrives twice, from 0 to 1. Each of the two has a delay of its own. Default 0.
    public var duplication: Double {
      didSet { Self.check(duplication, "duplication") }
    }

    /// How likely a message is held back, by ``lag``, so that those behind it overtake it; from 0 to 1. Default 0.
    public var reordering: Double {
      didSet { Self.check(reordering, "reordering") }
    }

    /// How much longer than its delay a message is held back for ``reordering``. Default 1 to 100 ms.
    public var lag: ClosedRange<Duration>

    /// How long a message is on its way, each by a length of its own, but never overtaking the one before it: that is
    /// ``reordering``. Default none: it arrives before `publish` returns, if nothing is on its way before it.
    public var delay: ClosedRange<Duration>

    /// Whether all is lost, what is on its way already too, and nobody told. Default false.
    public var isCut: Bool

    /// Makes the faults of one direction, by default none. A probability that is none is a programmer's error.
    public init(
      loss: Double = 0, duplication: Double = 0, reordering: Double = 0,
      lag: ClosedRange<Duration> = .milliseconds(1) ... .milliseconds(100),
      delay: ClosedRange<Duration> = .zero ... .zero, isCut: Bool = false
    ) {
      self.loss = loss
      self.duplication = duplication
      self.reordering = reordering
      self.lag = lag
      self.delay = delay
      self.isCut = isCut
      Self.check(loss, "loss")
      Self.check(duplication, "duplication")
      Self.check(reordering, "reordering")
    }

    private static func check(_ probability: Double, _ name: String) {
      precondition((0...1).contains(probability), "\(name) is a probability from 0 to 1, not \(probability)")
    }
  }

  /// How the transport does something that it is asked for and that takes time.
  public enum Response: Sendable, Hashable {
    /// As it should.
    case normal
    /// It throws a `TransportError` with the code `failed`.
    case failure
    /// It takes until the task is cancelled or this fault is over.
    case hanging
  }

  /// What happens to published messages.
  public var outbound: Direction

  /// What happens to messages that come in; drawn for each subscription by itself.
  public var inbound: Direction

  /// How many published messages may be on their way; one more is refused with `queueFull`. With 0 every message is.
  /// Nil, the default, is no bound.
  public var maxQueuedMessages: Int?

  /// How many bytes of published messages may be on their way; a message that makes it more is refused with
  /// `queueFull`. Nil, the default, is no bound.
  public var maxQueuedBytes: Int?

  /// How `subscribe` does. Default as it should.
  public var subscribing: Response

  /// How `drain` does. Default as it should.
  public var draining: Response

  /// Makes faults, by default none.
  public init(
    outbound: Direction = Direction(), inbound: Direction = Direction(), maxQueuedMessages: Int? = nil,
    maxQueuedBytes: Int? = nil, subscribing: Response = .normal, draining: Response = .normal
  ) {
    self.outbound = outbound
    self.inbound = inbound
    self.maxQueuedMessages = maxQueuedMessages
    self.maxQueuedBytes = maxQueuedBytes
    self.subscribing = subscribing
    self.draining = draining
  }

  /// Makes faults that are the same in both directions. The directions are drawn separately: of two transports with a
  /// loss of 0.1 both ways, a message from one to the other is lost with a probability of 0.19.
  public init(bothWays direction: Direction) {
    self.init(outbound: direction, inbound: direction)
  }

  /// Whether both directions are cut. Setting it cuts both, or neither.
  public var isCut: Bool {
    get { outbound.isCut && inbound.isCut }
    set {
      outbound.isCut = newValue
      inbound.isCut = newValue
    }
  }

  func hasRoom(for bytes: Int, besides waiting: (messages: Int, bytes: Int)) -> Bool {
    waiting.messages < maxQueuedMessages ?? .max && waiting.bytes + bytes <= maxQueuedBytes ?? .max
  }
}

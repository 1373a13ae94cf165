import NIOConcurrencyHelpers
import NIOCore
import PodShare

/// One subscription through a ``FaultyTransport``: what is on its way to it, and what it has been told of the
/// connection.
final class FaultySubscription: Sendable {
  private struct Connection {
    var baseIsDown = false
    var transportIsDown: Bool
    var isOver = false

    var isDown: Bool { baseIsDown || transportIsDown }
  }

  let topic: Key
  let line: DelayLine<ByteBuffer>
  private let onEvent: @Sendable (TransportEvent) -> Void
  private let connection: NIOLockedValueBox<Connection>

  init(
    topic: Key, isDisconnected: Bool, line: DelayLine<ByteBuffer>,
    onEvent: @escaping @Sendable (TransportEvent) -> Void
  ) {
    self.topic = topic
    self.line = line
    self.onEvent = onEvent
    connection = NIOLockedValueBox(Connection(transportIsDown: isDisconnected))
  }

  /// The transport beneath has lost its connection or has it back.
  func setBaseIsDown(_ isDown: Bool) {
    tell { $0.baseIsDown = isDown }
  }

  /// The connection has been made to fail or to work again.
  func setTransportIsDown(_ isDown: Bool) {
    tell { $0.transportIsDown = isDown }
  }

  /// Tells of an interruption that is over, whether or not it was known.
  func announceInterruption() {
    tell { $0.transportIsDown = true }
    tell { $0.transportIsDown = false }
  }

  private func tell(_ change: (inout Connection) -> Void) {
    let event = connection.withLockedValue { connection -> TransportEvent? in
      let wasDown = connection.isDown
      change(&connection)
      guard connection.isDown != wasDown, !connection.isOver else { return nil }
      return connection.isDown ? .interrupted : .resumed
    }
    if let event { onEvent(event) }
  }

  func end() {
    connection.withLockedValue { $0.isOver = true }
    line.close()
  }
}

import NIOConcurrencyHelpers
import NIOCore
import PodShare

/// What a subscription has been told, messages as text.
final class Inbox: Sendable {
  let events = NIOLockedValueBox<[String]>([])

  var all: [String] { events.withLockedValue { $0 } }

  func receive(_ event: TransportEvent) {
    let text =
      switch event {
      case .message(let bytes): String(buffer: bytes)
      case .interrupted: "interrupted"
      case .resumed: "resumed"
      }
    events.withLockedValue { $0.append(text) }
  }
}

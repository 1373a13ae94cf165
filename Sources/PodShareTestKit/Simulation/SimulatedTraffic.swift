import NIOCore
import PodShare

/// What pods have been sent by others: each message once, even if the network doubles it, and without those that come
/// back to their sender.
package struct SimulatedTraffic: Sendable, Equatable {
  enum Kind {
    case write, heartbeat, question, answer, state

    init(of content: SyncMessage.Content) {
      self =
        switch content {
        case .heartbeat: .heartbeat
        case .comparison, .want, .missing: .question
        case .receipt(let receipt): receipt.isQuestion ? .question : .answer
        case .differences, .context, .forgotten, .goodbye: .answer
        }
    }
  }

  package private(set) var messages = 0
  package private(set) var bytes = 0
  /// Those of writes as they are made.
  package private(set) var writeBytes = 0
  /// Those of heartbeats.
  package private(set) var heartbeatBytes = 0
  /// Messages that ask for something: where pods differ, for entries, for a state.
  package private(set) var questions = 0

  mutating func count(_ message: ByteBuffer, _ kind: Kind) {
    messages += 1
    bytes += message.readableBytes
    if kind == .write { writeBytes += message.readableBytes }
    if kind == .heartbeat { heartbeatBytes += message.readableBytes }
    if kind == .question { questions += 1 }
  }

  static func += (sum: inout Self, other: Self) {
    sum.messages += other.messages
    sum.bytes += other.bytes
    sum.writeBytes += other.writeBytes
    sum.heartbeatBytes += other.heartbeatBytes
    sum.questions += other.questions
  }
}

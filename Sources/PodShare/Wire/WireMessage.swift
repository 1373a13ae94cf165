package import NIOCore

/// A message between pods, with its values still as bytes.
package enum WireMessage: Sendable {
  case write(WireWrite)
  case stateRequest(StateRequest)
  case state(StateChunk, [WireEntry])
  case sync(SyncMessage)
}

/// One pod's write, or a whole batch of them: applied together by whoever receives it.
package struct WireWrite: Sendable {
  package var author: PodIdentity
  /// The hybrid clock's stamp. Entries whose key already had a later one carry that plus one instead.
  package var timestamp: Timestamp
  package var entries: [WireEntry]
}

/// One entry on the wire. Its value's bytes are a slice of the message: copy before keeping.
package struct WireEntry: Sendable {
  package enum Content: Sendable {
    case set(lifetime: Lifetime, bytes: ByteBuffer)
    case delete(at: Timestamp)
  }

  package var key: Key
  package var version: Version
  package var epoch: Epoch
  package var content: Content
  /// Of a value that is the join of several writes, what tells it from other joins.
  package var fingerprint: UInt64?
}

/// "Send me everything you hold", addressed to one pod of a topic.
package struct StateRequest: Sendable, Equatable {
  package var sender: PodIdentity
  /// Drawn by the asker, to tell answers to this request from others.
  package var id: UInt64

  package init(sender: PodIdentity, id: UInt64) {
    self.sender = sender
    self.id = id
  }
}

/// A part of what a pod holds, but for the entries.
package struct StateChunk: Sendable {
  package struct Position: Sendable, Equatable {
    /// The request that this answers.
    package var request: UInt64
    /// Drawn by the sender, to tell the chunks of two answers to one request apart.
    package var answer: UInt64
    package var index: Int

    package init(request: UInt64, answer: UInt64, index: Int) {
      self.request = request
      self.answer = answer
      self.index = index
    }
  }

  package var sender: PodIdentity
  /// Of an answer. Nil for entries that nobody asked for: what a transport had refused before, seeds, and pushes.
  package var position: Position?
  /// Of entries that the sender believes the receiver to lack: how many corrections led to this. They are answered by
  /// whatever the receiver knows better.
  package var hop: UInt8?
  /// Whether the sender has itself finished joining.
  package var isSettled: Bool
  /// Present in the last chunk of an answer: what the receiver has taken in once it has merged the answer whole.
  package var closing: CausalContext?
}

/// The limits of what a pod sends or accepts.
package enum WireLimits {
  package static let keyBytes = 65_535
  package static let nodeIDBytes = 1...255
  package static let topicBytes = 1...1_024
  package static let messageBytes = 64 * 1_024 * 1_024
  /// Chunks of a state are closed when they exceed this.
  package static let chunkBytes = 256 * 1_024
  /// The most that a varint takes.
  package static let varintBytes = 10
}

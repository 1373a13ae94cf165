package import NIOCore
import PodShare

/// Who listens to the topics of the messages that come in on one connection. Lives on the event loop.
///
/// It is for its owner to call them, when this has returned: what is called may publish, that may find out that the
/// connection has ended, and what was still to be read comes in before the first call has returned.
package struct CallbackCache {
  private let subscriptions: SubscriptionTable
  // What the last message's topic came to: the next one mostly has the same.
  private var topic = ByteBuffer()
  private var callbacks: [SubscriptionTable.Callback] = []
  private var generation: UInt64 = .max

  package init(of subscriptions: SubscriptionTable) {
    self.subscriptions = subscriptions
  }

  /// Lets go of what it knows. To be called when somebody has ceased to listen: what is called then may hold all of a store.
  package mutating func removeAll() {
    topic = ByteBuffer()
    callbacks = []
    generation = .max
  }

  package mutating func callbacks(of topic: ByteBuffer) -> [SubscriptionTable.Callback] {
    let generation = subscriptions.generation
    if generation != self.generation || topic != self.topic {
      // A copy: what is kept here must not keep a read buffer.
      self.topic = ByteBuffer(topic.readableBytesView)
      self.generation = generation
      let name = String(validating: topic.readableBytesView, as: UTF8.self)
      callbacks = name.map { subscriptions.callbacks(of: Key($0)) } ?? []
    }
    return callbacks
  }
}

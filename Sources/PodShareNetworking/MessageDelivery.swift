package import NIOCore
import PodShare

/// Passes messages that come in on one connection to those who listen. Lives on the event loop.
package struct MessageDelivery {
  private let subscriptions: SubscriptionTable
  // What the last message's topic came to: the next one mostly has the same.
  private var topic = ByteBuffer()
  private var callbacks: [SubscriptionTable.Callback] = []
  private var generation: UInt64 = .max

  package init(to subscriptions: SubscriptionTable) {
    self.subscriptions = subscriptions
  }

  package mutating func deliver(_ message: ByteBuffer, to topic: ByteBuffer) {
    let generation = subscriptions.generation
    if generation != self.generation || topic != self.topic {
      // A copy: what is kept here must not keep a read buffer.
      self.topic = ByteBuffer(topic.readableBytesView)
      self.generation = generation
      let name = String(validating: topic.readableBytesView, as: UTF8.self)
      callbacks = name.map { subscriptions.callbacks(of: Key($0)) } ?? []
    }
    for callback in callbacks { callback(.message(message)) }
  }
}

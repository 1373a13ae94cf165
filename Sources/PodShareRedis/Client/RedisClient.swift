public import NIOCore
public import PodShare

/// What a ``RedisTransport`` needs of a Redis client. It has one of its own; another library's can be used by way of a
/// small adapter.
public protocol RedisClient: Sendable {
  /// Hands a message over for `PUBLISH`. Never waits: what does not fit into a bounded queue is refused.
  func publish(_ message: ByteBuffer, to channel: String) -> PublishOutcome

  /// Waits until Redis has answered everything that was handed over before.
  ///
  /// - Throws: If it refused any of it since this was last asked, or does not answer.
  func drain() async throws(RedisError)

  /// Has every message on a channel passed to `onEvent`, on whatever thread it comes. When this returns, Redis has confirmed
  /// the subscription. Several to one channel each get every message.
  ///
  /// A client that reconnects says `interrupted` when it notices that the connection is gone, and `resumed` when Redis has
  /// confirmed all subscriptions again. Not to say so costs time, not writes: the stores find out what they missed within a
  /// sync interval.
  func subscribe(
    to channel: String, onEvent: @escaping @Sendable (TransportEvent) -> Void
  ) async throws(RedisError) -> TransportSubscription

  /// Sends a command, the first element of which is its name, and returns the reply.
  ///
  /// - Throws: `RedisError(reply:)` if Redis answers with an error; whatever else keeps it from answering.
  func send(_ command: [ByteBuffer]) async throws(RedisError) -> RedisReply

  /// Closes the connections and ends the subscriptions.
  func close() async
}

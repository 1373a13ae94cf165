public import NIOCore
public import PodShare
import PodShareNetworking
public import ServiceLifecycle

/// Connects the pods of a fleet over a Redis or Valkey server: messages go over its channels, and what the stores hold is
/// kept there for pods that come when nobody else is there.
///
/// ```swift
/// let transport = RedisTransport(configuration: try RedisConfiguration(url: "redis://10.0.0.7:6379"))
/// let store = try await Store<Limits>.join("limits", over: transport)
/// ```
///
/// Nothing that was written is lost when the server is away, restarts, forgets everything or fails over: the pods go on
/// working with what they hold, and make good what was missed, on their own side and on the server's, when it is back.
///
/// Any number of stores, of different topics, share the two connections of one transport. One event loop does all the
/// work, and calls the stores.
public final class RedisTransport: Transport {
  let client: any RedisClient
  let names: RedisNames
  let scripts: Scripts
  private let executor: EventLoopTaskExecutor?

  /// Makes a transport with a client of its own. It connects once a store joins.
  ///
  /// - Throws: `invalidConfiguration`.
  public init(configuration: RedisConfiguration = RedisConfiguration()) throws(RedisError) {
    try configuration.validate()
    let client = PipelinedClient(configuration)
    self.client = client
    names = RedisNames(prefix: configuration.prefix)
    scripts = Scripts(client)
    executor = EventLoopTaskExecutor(client.eventLoop)
  }

  /// Makes a transport that uses another library's client. Closing the transport closes it. All keys and channels begin with
  /// the prefix.
  public init(client: any RedisClient, prefix: String = "podshare") {
    self.client = client
    names = RedisNames(prefix: prefix)
    scripts = Scripts(client)
    executor = nil
  }

  /// Runs tasks on the transport's event loop: a task that prefers it is not woken on another thread when a message
  /// arrives, which saves some ten microseconds. What runs there must not take long, since nothing else happens meanwhile.
  /// It must have ended before ``close()`` unless the event loop is of a group that was given. Nil with another client.
  public var taskExecutor: (any TaskExecutor)? { executor }

  public func publish(_ message: ByteBuffer, to topic: String) -> PublishOutcome {
    client.publish(message, to: names.channel(of: topic))
  }

  public func drain() async throws(TransportError) {
    do throws(RedisError) { try await client.drain() } catch { throw error.asTransportError }
  }

  public func subscribe(
    to topic: String, onEvent: @escaping @Sendable (TransportEvent) -> Void
  ) async throws(TransportError) -> TransportSubscription {
    do throws(RedisError) {
      return try await client.subscribe(to: names.channel(of: topic), onEvent: onEvent)
    } catch {
      throw error.asTransportError
    }
  }

  public func close() async throws(TransportError) {
    await client.close()
  }
}

extension RedisTransport: Service {
  /// Waits for the end of the service group, and closes. In the group it stands before the stores that use it.
  public func run() async throws {
    try? await gracefulShutdown()
    try await close()
  }
}

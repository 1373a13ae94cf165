import Logging
import NIOConcurrencyHelpers
import NIOCore
import PodShare
import ServiceLifecycle
import Testing
import UnixSignals

@testable import PodShareRedis

// The code of the articles on Redis. What stands between the marks is compiled here, and compared with the pages by
// `DocumentationPagesTests` of another test target.

@Suite("The documentation's code: Redis", .needsRedis, .timeLimit(.minutes(1)))
struct DocumentedRedisCodeTests {
  private struct Limits: Codable, Equatable {
    var requestsPerSecond: Int
  }

  private struct Server: Service {
    func run() async throws {}
  }

  private struct Sentinel {
    func primary(of name: String) async throws -> RedisAddress? { nil }
  }

  private let logger = Logger(label: "documentation")

  @Test("Landing page")
  func landingPage() {
    func join() async throws {
      // shown
      let transport = try RedisTransport(configuration: RedisConfiguration(url: "redis://10.0.0.7:6379"))
      let store = try await Store<Limits>.join("limits", over: transport)
      // end
      _ = store
    }
    func run(_ transport: RedisTransport, _ store: Store<Limits>, _ server: Server) async throws {
      // shown
      let group = ServiceGroup(
        services: [transport, store, server], gracefulShutdownSignals: [.sigterm], logger: logger)
      try await group.run()
      // end
    }
    _ = (join, run)
  }

  @Test("Running on Redis or Valkey")
  func running() throws {
    // shown
    var configuration = try RedisConfiguration(url: "rediss://pods:secret@redis.internal:6380")
    configuration.tls = RedisTLS(authorityFile: "/etc/redis/ca.crt")
    // end
    let sentinel = Sentinel()
    // shown
    configuration.resolve = {
      guard let primary = try await sentinel.primary(of: "mymaster") else {
        throw RedisError(.unreachable, "no sentinel knows the primary")
      }
      return [primary]
    }
    // end
    #expect(configuration.user == "pods" && configuration.password == "secret")
  }

  @Test("Two pods use another client by way of the adapter; messages come, entries are kept")
  func anotherClient() async throws {
    let server = try await RedisServer()
    let transports = [server, server].map { server in
      RedisTransport(client: ClientAdapter(SomeClient(server)))
    }
    let a = try await Store<Limits>.join("limits", over: transports[0])
    let b = try await Store<Limits>.join("limits", over: transports[1])
    try a.set("global", to: Limits(requestsPerSecond: 1_000))
    await eventually("the other has it") { b["global"] == Limits(requestsPerSecond: 1_000) }
    try await a.flush()
    #expect(try await server.keptKeys(of: "limits") == ["global"])
    // Scripts that the server has forgotten are loaded anew.
    try await server.cli("script", "flush")
    try a.set("other", to: Limits(requestsPerSecond: 1))
    try await a.flush()
    #expect(try await server.keptKeys(of: "limits") == ["global", "other"])
    for store in [a, b] { try await store.close() }
    for transport in transports { try await transport.close() }
  }
}

/// Stands for another library: a client with asynchronous methods, which throws its own errors.
struct SomeClient: Sendable {
  struct ServerError: Error {
    let text: String
  }

  private let client: PipelinedClient

  init(_ server: RedisServer) {
    client = PipelinedClient(RedisConfiguration(addresses: [server.address]))
  }

  func publish(_ message: ByteBuffer, on channel: String) async throws {
    _ = try await send([ByteBuffer(string: "PUBLISH"), ByteBuffer(string: channel), message])
  }

  func subscribe(
    to channel: String, _ body: (AsyncThrowingStream<ByteBuffer, any Error>) async throws -> Void
  ) async throws {
    let (messages, continuation) = AsyncThrowingStream.makeStream(of: ByteBuffer.self)
    let subscription = try await client.subscribe(to: channel) { event in
      switch event {
      case .message(let message): continuation.yield(message)
      case .interrupted: continuation.finish(throwing: ServerError(text: "the connection is gone"))
      case .resumed: break
      }
    }
    defer { subscription.cancel() }
    try await body(messages)
  }

  func send(_ command: [ByteBuffer]) async throws -> RedisReply {
    do throws(RedisError) { return try await client.send(command) } catch {
      throw ServerError(text: error.message)
    }
  }
}

// shown
/// Another library's client, as a transport uses it.
final class ClientAdapter: RedisClient {
  private enum Outgoing {
    case message(ByteBuffer, channel: String)
    case mark(CheckedContinuation<(any Error)?, Never>)
  }

  private let client: SomeClient
  private let outgoing: AsyncStream<Outgoing>.Continuation
  private let publishing: Task<Void, Never>

  init(_ client: SomeClient) {
    self.client = client
    let (stream, continuation) = AsyncStream.makeStream(
      of: Outgoing.self, bufferingPolicy: .bufferingOldest(65_536))
    outgoing = continuation
    publishing = Task {
      var failure: (any Error)?
      for await next in stream {
        switch next {
        case .message(let message, let channel):
          do { try await client.publish(message, on: channel) } catch { failure = error }
        case .mark(let waiting):
          waiting.resume(returning: failure)
          failure = nil
        }
      }
    }
  }

  func publish(_ message: ByteBuffer, to channel: String) -> PublishOutcome {
    switch outgoing.yield(.message(message, channel: channel)) {
    case .enqueued: .accepted
    case .dropped: .queueFull
    default: .disconnected
    }
  }

  func drain() async throws(RedisError) {
    let failure = await withCheckedContinuation { waiting in
      guard case .enqueued = outgoing.yield(.mark(waiting)) else {
        return waiting.resume(returning: RedisError(.queueFull, "too much is waiting"))
      }
    }
    if let failure { throw RedisError(.disconnected, "\(failure)") }
  }

  func subscribe(
    to channel: String, onEvent: @escaping @Sendable (TransportEvent) -> Void
  ) async throws(RedisError) -> TransportSubscription {
    let (confirmations, confirmed) = AsyncStream.makeStream(of: Void.self)
    let listening = Task {
      // For ever: a subscription that ends is made anew.
      while !Task.isCancelled {
        try? await client.subscribe(to: channel) { messages in
          confirmed.yield()
          onEvent(.resumed)
          for try await message in messages { onEvent(.message(message)) }
        }
        onEvent(.interrupted)
        try? await Task.sleep(for: .milliseconds(200))
      }
    }
    for await _ in confirmations { return TransportSubscription { listening.cancel() } }
    listening.cancel()
    throw RedisError(.cancelled, "subscribing to \(channel)")
  }

  func send(_ command: [ByteBuffer]) async throws(RedisError) -> RedisReply {
    do {
      return try await client.send(command)
    } catch let error as SomeClient.ServerError {
      // So that errors of Redis's own are known for what they are.
      throw RedisError(reply: error.text)
    } catch {
      throw RedisError(.disconnected, "\(error)")
    }
  }

  func close() async {
    outgoing.finish()
    publishing.cancel()
  }
}
// end

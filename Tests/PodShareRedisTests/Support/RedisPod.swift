import Foundation
import NIOConcurrencyHelpers
import NIOCore
import PodShare
import PodShareRedis
import Testing

/// Waits for something that others bring about.
func eventually(
  _ what: String, within limit: Duration = .seconds(20), sourceLocation: SourceLocation = #_sourceLocation,
  _ isSo: () async throws -> Bool
) async rethrows {
  let clock = ContinuousClock()
  let deadline = clock.now + limit
  while clock.now < deadline {
    if try await isSo() { return }
    try? await Task.sleep(for: .milliseconds(5))
  }
  if try await isSo() { return }
  Issue.record("not within \(limit): \(what)", sourceLocation: sourceLocation)
}

/// A transport, and what it and its stores report.
struct RedisPod: Sendable {
  let transport: RedisTransport
  let name: String
  let errors = NIOLockedValueBox<[RedisError]>([])
  let storeErrors = NIOLockedValueBox<[StoreError]>([])
  private let links = NIOLockedValueBox((ups: 0, downs: 0, lastUp: ContinuousClock.now))

  init(
    _ name: String, _ server: RedisServer, _ change: (inout RedisConfiguration) -> Void = { _ in }
  ) throws {
    self.name = name
    var configuration = RedisConfiguration(addresses: [server.address])
    configuration.keepAlive = .milliseconds(200)
    configuration.clientName = name
    change(&configuration)
    configuration.onError = { [errors] error in errors.withLockedValue { $0.append(error) } }
    configuration.onConnect = { [links] _ in
      links.withLockedValue { links in
        links.ups += 1
        links.lastUp = .now
      }
    }
    configuration.onDisconnect = { [links] _ in links.withLockedValue { $0.downs += 1 } }
    transport = try RedisTransport(configuration: configuration)
  }

  func join<Value: Codable & Sendable>(
    _ topic: String, of: Value.Type, _ change: (inout StoreConfiguration<Value>) -> Void = { _ in }
  ) async throws -> Store<Value> {
    var configuration = StoreConfiguration<Value>()
    configuration.nodeID = name
    configuration.syncInterval = .milliseconds(200)
    configuration.snapshotInterval = .milliseconds(50)
    configuration.joinTimeout = .milliseconds(500)
    configuration.onError = { [storeErrors] error in storeErrors.withLockedValue { $0.append(error) } }
    change(&configuration)
    return try await Store.join(topic, over: transport, configuration: configuration)
  }

  /// How often it was connected.
  var ups: Int { links.withLockedValue { $0.ups } }

  /// When it was last connected.
  var lastUp: ContinuousClock.Instant { links.withLockedValue { $0.lastUp } }

  /// How often the connection was lost.
  var downs: Int { links.withLockedValue { $0.downs } }

  func reported(_ code: RedisError.Code) -> Bool {
    errors.withLockedValue { $0.contains { $0.code == code } }
  }

  func close() async throws { try await transport.close() }
}

extension RedisServer {
  var address: RedisAddress { RedisAddress(host: "127.0.0.1", port: port) }

  /// Whether it is kept what those had seen who keep a topic's entries.
  func hasContext(of topic: String) async throws -> Bool {
    try await cli("hkeys", "podshare:\(topic):entries").contains("\u{fffd}context")
  }

  /// The keys of a topic's entries that are kept.
  func keptKeys(of topic: String, prefix: String = "podshare") async throws -> Set<String> {
    let names = try await cli("hkeys", "\(prefix):\(topic):entries")
    // What stands beside the entries has a name that is no text.
    return Set(
      names.split(separator: "\n").map(String.init).filter { !$0.isEmpty && !$0.contains("\u{fffd}") })
  }
}

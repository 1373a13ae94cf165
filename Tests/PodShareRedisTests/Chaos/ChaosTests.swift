import Foundation
import NIOConcurrencyHelpers
import PodShare
import PodShareRedis
import Testing

@Suite("A server that does its worst", .needsRedis, .serialized, .timeLimit(.minutes(5)))
struct ChaosTests {
  @Test("Killed and started again twenty times, keeping nothing or everything", arguments: [false, true])
  func kills(isPersistent: Bool) async throws {
    let server =
      isPersistent
      ? try await RedisServer("--appendonly", "yes", "--appendfsync", "always") : try await RedisServer()
    let fleet = try await Fleet(on: server)
    try await fleet.run(rounds: 10) { round in
      server.kill()
      try await Task.sleep(for: .milliseconds(20 * round))
      try await server.start()
    }
    try await fleet.checkKept()
    try await fleet.close()
  }

  @Test("Connections killed by the server, those that listen and those that do not")
  func killedConnections() async throws {
    let server = try await RedisServer()
    let fleet = try await Fleet(on: server)
    try await fleet.run(rounds: 10) { round in
      try await server.cli("client", "kill", "type", round.isMultiple(of: 2) ? "pubsub" : "normal")
    }
    try await fleet.checkKept()
    try await fleet.close()
  }

  @Test("A server that does nothing for a while, or is stopped and goes on")
  func pauses() async throws {
    let server = try await RedisServer()
    let fleet = try await Fleet(on: server)
    try await fleet.run(rounds: 4, expectsReconnection: false) { round in
      if round.isMultiple(of: 2) {
        try await server.cli("debug", "sleep", "\(0.3 * Double(round + 1))")
      } else {
        server.suspend()
        try await Task.sleep(for: .milliseconds(500 * round))
        server.resume()
      }
    }
    try await fleet.checkKept()
    try await fleet.close()
  }

  @Test("A server that forgets everything: it is whole again without anyone writing")
  func forgets() async throws {
    let server = try await RedisServer()
    let fleet = try await Fleet(on: server)
    try await fleet.run(rounds: 4, expectsReconnection: false) { _ in
      try await server.cli("flushall")
    }
    try await server.cli("flushall")
    try await fleet.checkKept()
    try await fleet.close()
  }

  @Test("An old backup is restored: what it lacks is put there, what was deleted since does not come back")
  func oldBackup() async throws {
    let server = try await RedisServer("--dbfilename", "dump.rdb")
    let fleet = try await Fleet(on: server)
    try fleet.stores[0].set("deleted later", to: 1)
    try fleet.stores[0].set("changed later", to: 1)
    try await fleet.run(rounds: 1, expectsReconnection: false) { _ in }
    try await server.cli("save")
    try fleet.stores[1].delete("deleted later")
    try fleet.stores[1].set("changed later", to: 2)
    fleet.expect("changed later", 2)
    try await fleet.run(rounds: 1, expectsReconnection: false) { _ in }
    server.kill()
    try await server.start()
    try await fleet.run(rounds: 1, expectsReconnection: false) { _ in }
    #expect(fleet.stores.allSatisfy { $0["deleted later"] == nil && $0["changed later"] == 2 })
    try await fleet.checkKept()
    try await fleet.close()
  }

  @Test("A replica that lags becomes the primary")
  func failover() async throws {
    let primary = try await RedisServer()
    let replica = try await RedisServer(
      "--replicaof", "127.0.0.1 \(primary.port)", "--repl-diskless-sync-delay", "0")
    let fleet = try await Fleet(on: primary, then: replica)
    try await fleet.run(rounds: 1, expectsReconnection: false) { _ in }
    await eventually("the replica follows") {
      (try? await replica.cli("info", "replication"))?.contains("master_link_status:up") ?? false
    }
    // It hears nothing more of the primary, whose death comes later.
    try await replica.cli("config", "set", "repl-timeout", "3600")
    replica.suspend()
    try await fleet.run(rounds: 1, expectsReconnection: false) { _ in }
    primary.kill()
    replica.resume()
    try await replica.cli("replicaof", "no", "one")
    try await fleet.run(rounds: 1, expectsReconnection: false) { _ in }
    try await fleet.checkKept(on: replica)
    try await fleet.close()
  }

  @Test("The primary becomes a replica without closing a connection: the other is found")
  func demotion() async throws {
    let old = try await RedisServer()
    let new = try await RedisServer()
    let fleet = try await Fleet(on: old, then: new)
    try await fleet.run(rounds: 1, expectsReconnection: false) { _ in }
    try await old.cli("replicaof", "127.0.0.1", "\(new.port)")
    try await fleet.run(rounds: 1) { _ in }
    #expect(fleet.pods.allSatisfy { $0.reported(.readOnly) })
    try await fleet.checkKept(on: new)
    try await fleet.close()
  }
}

/// Three pods that write all the time, each its own keys and one that all share.
final class Fleet: Sendable {
  let pods: [RedisPod]
  let stores: [Store<Int>]
  private let server: RedisServer
  private let expected = NIOLockedValueBox<[String: Int]>([:])
  private let sockets: Int

  init(on server: RedisServer, then others: RedisServer...) async throws {
    self.server = server
    sockets = Self.openSockets
    let addresses = [server.address] + others.map(\.address)
    pods = try ["a", "b", "c"].map { try RedisPod($0, server) { $0.addresses = addresses } }
    var stores: [Store<Int>] = []
    for pod in pods { stores.append(try await pod.join("chaos", of: Int.self)) }
    self.stores = stores
  }

  private static var openSockets: Int {
    let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    let targets = numbers.compactMap {
      try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
    }
    return targets.count { $0.hasPrefix("socket:") }
  }

  func expect(_ key: String, _ value: Int) { expected.withLockedValue { $0[key] = value } }

  /// Writes while something is done to the server, and then checks that all are equal and nothing is missing.
  func run(
    rounds: Int, expectsReconnection: Bool = true, sourceLocation: SourceLocation = #_sourceLocation,
    _ fault: (Int) async throws -> Void
  ) async throws {
    for round in 0..<rounds {
      let ups = pods.map(\.ups)
      let writers = stores.indices.map { pod in
        Task { [self] in
          var number = 0
          while !Task.isCancelled {
            let key = "\(pods[pod].name)/\(round)/\(number % 50)"
            try stores[pod].set(key, to: number)
            expect(key, number)
            try stores[pod].set("shared", to: number)
            number += 1
            try? await Task.sleep(for: .milliseconds(10))
          }
          return number
        }
      }
      try await Task.sleep(for: .milliseconds(100))
      try await fault(round)
      try await Task.sleep(for: .milliseconds(100))
      var written = 0
      for writer in writers {
        writer.cancel()
        written += try await writer.value
      }
      await eventually("all are connected, round \(round)", sourceLocation: sourceLocation) {
        zip(pods, ups).allSatisfy { pod, before in
          pod.ups == pod.downs + 1 && (!expectsReconnection || pod.ups > before)
        }
      }
      let writingEnded = ContinuousClock.now
      await eventually("all are equal, round \(round)", sourceLocation: sourceLocation) {
        let isSo = lacking.isEmpty && stores.allSatisfy { $0["shared"] == stores[0]["shared"] }
        // Comparing takes time that the pods need.
        if !isSo { try? await Task.sleep(for: .milliseconds(20)) }
        return isSo
      }
      // A pod may have lost its connection only now, because of what was done before.
      let time = ContinuousClock.now - max(writingEnded, pods.map(\.lastUp).max() ?? writingEnded)
      #expect(stores.allSatisfy { $0.snapshot().dictionary == stores[0].snapshot().dictionary })
      #expect(lacking.isEmpty, "round \(round), \(written) writes", sourceLocation: sourceLocation)
      #expect(
        time < .milliseconds(400 + 600),
        "two sync intervals, and a little for a loaded machine; round \(round)",
        sourceLocation: sourceLocation)
    }
  }

  /// The keys whose last value some pod does not have.
  private var lacking: [String] {
    expected.withLockedValue { $0 }.filter { key, value in stores.contains { $0[key] != value } }.map(\.key)
  }

  /// Checks that all is kept on the server, too: a newcomer has it when all have gone, and when nobody writes.
  func checkKept(on other: RedisServer? = nil, sourceLocation: SourceLocation = #_sourceLocation) async throws
  {
    let server = other ?? server
    let keys = Set(stores[0].keys)
    await eventually("all is kept", sourceLocation: sourceLocation) {
      guard let kept = try? await server.keptKeys(of: "chaos") else { return false }
      return keys.subtracting(kept).isEmpty
    }
    let connections = try await server.cli("client", "list")
    for pod in pods {
      let count = connections.split(separator: "\n").count { $0.contains(" name=\(pod.name) ") }
      #expect(count == 2, "pod \(pod.name) has two connections", sourceLocation: sourceLocation)
    }
    let state = stores[0].snapshot().dictionary
    for store in stores { try await store.close() }
    let late = try RedisPod("late", server)
    let store = try await late.join("chaos", of: Int.self)
    #expect(store.snapshot().dictionary == state, sourceLocation: sourceLocation)
    #expect(store.isCaughtUp, sourceLocation: sourceLocation)
    try await store.close()
    try await late.close()
  }

  func close(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    for pod in pods { try await pod.close() }
    await eventually("no connection is left", sourceLocation: sourceLocation) { Self.openSockets <= sockets }
  }
}

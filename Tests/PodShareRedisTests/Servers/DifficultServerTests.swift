import Foundation
import NIOConcurrencyHelpers
import PodShare
import PodShareRedis
import Testing

@Suite("Servers that make it hard", .needsRedis, .timeLimit(.minutes(2)))
struct DifficultServerTests {
  private static func code(of body: () async throws -> Void) async -> (StoreError.Code?, String) {
    do {
      try await body()
      return (nil, "")
    } catch {
      return ((error as? StoreError)?.code, "\(error)")
    }
  }

  @Test("Nobody there: joining fails at once if it is to, and says where and why")
  func failsAtOnce() async throws {
    let server = try await RedisServer()
    server.kill()
    let pod = try RedisPod("a", server) { $0.startTimeout = .zero }
    let clock = ContinuousClock()
    let start = clock.now
    let (code, text) = await Self.code { _ = try await pod.join("t", of: Int.self) }
    #expect(code == .transport)
    #expect(text.contains("127.0.0.1:\(server.port)") && text.contains("Connection refused"), "\(text)")
    #expect(clock.now - start < .seconds(2))
    try await pod.close()
  }

  @Test("Nobody there: joining waits as long as it is told, and then says so")
  func waitsAndFails() async throws {
    let server = try await RedisServer()
    server.kill()
    let pod = try RedisPod("a", server) { $0.startTimeout = .milliseconds(300) }
    let (code, text) = await Self.code { _ = try await pod.join("t", of: Int.self) }
    #expect(code == .transport)
    #expect(text.contains("waited for 0.3 seconds"), "\(text)")
    #expect(pod.reported(.unreachable))
    try await pod.close()
  }

  @Test("Nobody there at first: joining waits until the server is, and can be cancelled")
  func waits() async throws {
    let server = try await RedisServer()
    server.kill()
    let pod = try RedisPod("a", server) { $0.startTimeout = nil }
    let cancelled = Task { try await pod.join("t", of: Int.self) }
    try await Task.sleep(for: .milliseconds(100))
    cancelled.cancel()
    let (code, _) = await Self.code { _ = try await cancelled.value }
    #expect(code == .cancelled)
    async let joining = pod.join("t", of: Int.self)
    try await Task.sleep(for: .milliseconds(200))
    try await server.start()
    let store = try await joining
    try store.set("key", to: 1)
    try await store.flush()
    try await store.close()
    try await pod.close()
  }

  @Test("Credentials that are missing or wrong are refused at once, in words; right ones are accepted")
  func credentials() async throws {
    let server = try await RedisServer("--requirepass", "secret")
    for (user, password, words) in [
      (nil, nil, "it wants a password"), (nil, "wrong", "it does not accept the password"),
      ("nobody", "secret", "it does not accept user \"nobody\""),
    ] as [(String?, String?, String)] {
      let pod = try RedisPod("a", server) { ($0.user, $0.password) = (user, password) }
      let (code, text) = await Self.code { _ = try await pod.join("t", of: Int.self) }
      #expect(code == .transport)
      #expect(text.contains(words), "\(text)")
      #expect(!text.contains("secret"))
      #expect(pod.reported(.authenticationFailed))
      try await pod.close()
    }
    let pod = try RedisPod("a", server) { $0.password = "secret" }
    let store = try await pod.join("t", of: Int.self)
    try store.set("key", to: 1)
    try await store.flush()
    try await store.close()
    try await pod.close()
  }

  @Test("A user whose rights are limited to the prefix can do all that is needed, and no other prefix")
  func limitedUser() async throws {
    // As the documentation has it.
    let rules = """
      pods on >secret resetchannels ~podshare:* &podshare:* -@all +hello +auth +client|setname +select +ping +publish \
      +subscribe +unsubscribe +hget +hset +hdel +hscan +get +set +script|load +evalsha
      """
    let server = try await RedisServer(["--user"] + rules.split(separator: " ").map(String.init))
    func pod(_ name: String, prefix: String = "podshare") throws -> RedisPod {
      try RedisPod(name, server) { configuration in
        (configuration.user, configuration.password) = ("pods", "secret")
        configuration.prefix = prefix
      }
    }
    let (podA, podB) = (try pod("a"), try pod("b"))
    let a = try await podA.join("t", of: Int.self)
    let b = try await podB.join("t", of: Int.self)
    try a.set("key", to: 1)
    await eventually("the other has it") { b["key"] == 1 }
    try await a.flush()
    let old = try await podA.join("old", of: Int.self) { $0.wireFormat = .v1 }
    try old.set("key", to: 1)
    try await old.flush()
    for store in [a, b, old] { try await store.close() }
    #expect(podA.errors.withLockedValue { $0 } == [])
    #expect(podA.storeErrors.withLockedValue { $0 }.isEmpty)

    let other = try pod("other", prefix: "others")
    let (code, text) = await Self.code { _ = try await other.join("t", of: Int.self) }
    #expect(code == .transport)
    #expect(text.contains("NOPERM"), "\(text)")
    for pod in [podA, podB, other] { try await pod.close() }
  }

  @Test("A server that speaks only the second version of the protocol")
  func secondVersion() async throws {
    let server = try await RedisServer("--rename-command", "HELLO", "", "--requirepass", "secret")
    let (podA, podB) = (
      try RedisPod("a", server) { $0.password = "secret" },
      try RedisPod("b", server) { $0.password = "secret" }
    )
    let a = try await podA.join("t", of: Int.self)
    let b = try await podB.join("t", of: Int.self)
    try a.set("key", to: 1)
    await eventually("the other has it") { b["key"] == 1 }
    try await a.close()
    let again = try await podA.join("t", of: Int.self)
    #expect(again["key"] == 1)
    // Long enough for several signs of life.
    try await Task.sleep(for: .milliseconds(1_500))
    #expect(podA.ups == 1 && podB.ups == 1)
    for store in [again, b] { try await store.close() }
    for pod in [podA, podB] { try await pod.close() }
    let (code, text) = await Self.code {
      let pod = try RedisPod("c", server)
      _ = try await pod.join("t", of: Int.self)
    }
    #expect(code == .transport)
    #expect(text.contains("it wants a password"), "\(text)")
  }

  @Test("Out of memory: reads, writes and messages go on, the rest is kept when there is room again")
  func outOfMemory() async throws {
    let server = try await RedisServer()
    let (podA, podB) = (try RedisPod("a", server), try RedisPod("b", server))
    let a = try await podA.join("t", of: Int.self)
    let b = try await podB.join("t", of: Int.self)
    try a.set("before", to: 1)
    try await a.flush()
    try await server.cli("config", "set", "maxmemory", "1")
    try a.set("meanwhile", to: 2)
    await eventually("messages go on") { b["meanwhile"] == 2 }
    let error = await #expect(throws: StoreError.self) { try await a.flush() }
    #expect(error.map { "\($0)".contains("OOM") } == true, "\(String(describing: error))")
    #expect(try await server.keptKeys(of: "t") == ["before"])
    try await server.cli("config", "set", "maxmemory", "0")
    try await eventually("it is kept by itself") {
      try await server.keptKeys(of: "t") == ["before", "meanwhile"]
    }
    for store in [a, b] { try await store.close() }
    for pod in [podA, podB] { try await pod.close() }
  }

  @Test("A replica is not taken for the primary; when it becomes that, it is")
  func readOnly() async throws {
    let primary = try await RedisServer()
    let replica = try await RedisServer("--replicaof", "127.0.0.1 \(primary.port)")
    let pod = try RedisPod("a", replica) { $0.startTimeout = nil }
    async let joining = pod.join("t", of: Int.self)
    await eventually("it says why") { pod.reported(.readOnly) }
    try await replica.cli("replicaof", "no", "one")
    let store = try await joining
    try store.set("key", to: 1)
    try await store.flush()
    try await store.close()
    try await pod.close()
  }

  @Test("The primary is asked for anew before each connection")
  func resolving() async throws {
    let (first, second) = (try await RedisServer(), try await RedisServer())
    let primary = NIOLockedValueBox(first.address)
    let asked = NIOLockedValueBox(0)
    let pod = try RedisPod("a", first) { configuration in
      configuration.addresses = []
      configuration.connectTimeout = .milliseconds(300)
      configuration.resolve = {
        let count = asked.withLockedValue { count in
          count += 1
          return count
        }
        if count == 1 { throw RedisError(.unreachable, "the sentinel is asleep") }
        if count == 2 { try await Task.sleep(for: .seconds(60)) }
        return [primary.withLockedValue { $0 }]
      }
    }
    let store = try await pod.join("t", of: Int.self)
    #expect(pod.errors.withLockedValue { $0.count { $0.code == .unreachable } } == 2)
    try store.set("key", to: 1)
    primary.withLockedValue { $0 = second.address }
    first.kill()
    await eventually("it follows") { pod.ups == 2 }
    try await eventually("what it holds is kept there, too") { try await second.keptKeys(of: "t") == ["key"] }
    try await store.close()
    try await pod.close()
  }

  @Test("A subscriber that does not keep up is cut off by the server, and makes good what it missed")
  func outputBufferLimit() async throws {
    let server = try await RedisServer("--client-output-buffer-limit", "pubsub", "200000", "100000", "1")
    let (podA, podB) = (try RedisPod("a", server), try RedisPod("b", server))
    let a = try await podA.join("t", of: String.self)
    let b = try await podB.join("t", of: String.self)
    let text = String(repeating: "x", count: 1_000)
    // It reads nothing meanwhile.
    let executor = try #require(podB.transport.taskExecutor)
    let busy = Task(executorPreference: executor) { _ = usleep(1_000_000) }
    for number in 0..<4_000 { try a.set("key\(number)", to: text) }
    await busy.value
    await eventually("all arrives") { b.keys.count == 4_000 }
    #expect(podB.downs > 0)
    for store in [a, b] { try await store.close() }
    for pod in [podA, podB] { try await pod.close() }
  }

  @Test("A server that is loading its data is waited for")
  func loading() async throws {
    let server = try await RedisServer(
      "--dbfilename", "dump.rdb", "--key-load-delay", "2000",
      "--loading-process-events-interval-bytes", "1024")
    let podA = try RedisPod("a", server)
    let a = try await podA.join("t", of: Int.self)
    try a.setMany((0..<500).map { ("key\($0)", $0) })
    try await a.flush()
    // Each takes two milliseconds to load.
    try await server.cli("debug", "populate", "300", "filler")
    try await server.cli("save")
    server.kill()
    try server.launch()
    await eventually("it is back") { podA.ups == 2 }
    #expect(podA.reported(.loading))
    try a.set("after", to: 1)
    try await a.flush()
    try await a.close()
    try await podA.close()
  }

  @Test("Something that is no Redis server is named as such")
  func otherProtocol() async throws {
    let server = try await RedisServer()
    let cut = try CutOff(server, greeting: "HTTP/1.1 400 Bad Request\r\n\r\n")
    let pod = try RedisPod("a", server) { $0.addresses = [cut.address] }
    let (code, text) = await Self.code { _ = try await pod.join("t", of: Int.self) }
    #expect(code == .transport)
    #expect(text.contains("it does not speak Redis's protocol"), "\(text)")
    try await pod.close()
  }
}

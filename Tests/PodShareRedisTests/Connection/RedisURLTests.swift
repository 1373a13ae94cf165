import Testing

@testable import PodShareRedis

@Suite("URLs of Redis servers")
struct RedisURLTests {
  @Test(
    "What is said in a URL is what is connected to",
    arguments: [
      ("redis://localhost", "localhost:6379 db 0"), ("redis://10.0.0.7:7000/3", "10.0.0.7:7000 db 3"),
      ("rediss://host/", "TLS host:6379 db 0"), ("REDIS://[fd00::1]:7000", "[fd00::1]:7000 db 0"),
      ("redis://:pass@h", "h:6379 db 0 password pass"),
      ("redis://user:p%40ss:w%2Fd@h", "h:6379 db 0 user user password p@ss:w/d"),
      ("redis://a,b:7000,[::1]", "a:6379,b:7000,[::1]:6379 db 0"), ("valkey://h", "h:6379 db 0"),
    ])
  func valid(text: String, expected: String) throws {
    let url = try RedisURL(text)
    var words = url.isEncrypted ? ["TLS"] : []
    words += [url.addresses.map(\.description).joined(separator: ","), "db \(url.database)"]
    if let user = url.user { words.append("user \(user)") }
    if let password = url.password { words.append("password \(password)") }
    #expect(words.joined(separator: " ") == expected)
  }

  @Test(
    "What is no such URL is refused, and no password is shown",
    arguments: [
      "", "localhost", "http://h", "redis://", "redis://h:0", "redis://h:65536", "redis://h:x", "redis://h/x",
      "redis://h/0?a=b", "redis://user@h", "redis://:%4@h", "redis://:%zz@h", "redis://a b", "redis://a,,b",
      "redis://::1", "redis//:secret@h", "http://:secret@h",
    ])
  func invalid(text: String) {
    let error = #expect(throws: RedisError.self) { try RedisURL(text) }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.message.contains("secret") == false, "\(String(describing: error))")
  }

  @Test("Settings that make no sense are refused when the transport is made")
  func settings() {
    let changes: [(inout RedisConfiguration) -> Void] = [
      { $0.addresses = [] }, { $0.database = -1 }, { $0.user = "u" }, { $0.prefix = "" },
      { $0.prefix = "a\nb" },
      { $0.clientName = "two words" }, { $0.keepAlive = .zero }, { $0.connectTimeout = .zero },
      { $0.maxQueuedBytes = 0 }, { $0.startTimeout = .seconds(-1) },
      { $0.tls = RedisTLS(certificateFile: "only") },
    ]
    for change in changes {
      var configuration = RedisConfiguration()
      change(&configuration)
      let error = #expect(throws: RedisError.self) { _ = try RedisTransport(configuration: configuration) }
      #expect(error?.code == .invalidConfiguration)
    }
  }
}

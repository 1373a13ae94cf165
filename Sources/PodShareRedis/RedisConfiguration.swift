public import Logging
public import NIOCore
import PodShare

/// How a ``RedisTransport`` behaves. Every setting has a default that serves most.
public struct RedisConfiguration: Sendable {
  /// The servers that may be the primary, tried one after the other. All pods of a fleet must come to the same one.
  public var addresses: [RedisAddress]

  /// Names the servers anew before each connection, in the place of ``addresses``: asks a sentinel, a database, whatever
  /// knows which is the primary now. Nil, the default, stays with the addresses. If it throws, that is reported, and it is
  /// asked again.
  public var resolve: (@Sendable () async throws -> [RedisAddress])?

  /// The user, as Redis's access control lists name it. Nil, the default, means `default`.
  public var user: String?

  /// The password. Nil, the default, logs in as nobody.
  public var password: String?

  /// The number of the database that state is kept in. Default 0. Messages know no databases: fleets in two databases of
  /// one server need two prefixes.
  public var database = 0

  /// What all keys and channels begin with. Default `podshare`, as the Go library has it. 1 to 255 bytes without control
  /// characters.
  public var prefix = "podshare"

  /// Encryption. Nil, the default, is plaintext.
  public var tls: RedisTLS?

  /// What `CLIENT LIST` calls this pod's connections. 1 to 64 printable ASCII characters without spaces. Default `podshare`.
  public var clientName = "podshare"

  /// How long reaching a server may take, with its name's look-up, TLS and logging in; and how long ``resolve`` may. Default
  /// 2 s.
  public var connectTimeout: Duration = .seconds(2)

  /// How long subscribing, and so joining, waits for a server that cannot be reached,
  /// before it fails. Default 10 s. Zero fails with the first try; nil waits for as long as it takes.
  public var startTimeout: Duration? = .seconds(10)

  /// How long reading or writing state may take without an answer. Default 10 s.
  public var commandTimeout: Duration = .seconds(10)

  /// How long to wait before the next try to connect: at first this long, then twice as long after each failure, each
  /// time less up to a half, at random. Default 50 ms.
  public var reconnectInterval: Duration = .milliseconds(50)

  /// The longest wait before the next try. Default 1 s.
  public var maxReconnectInterval: Duration = .seconds(1)

  /// How often the server is asked for a sign of life. If it has said nothing for five intervals it is taken for gone, and
  /// connected to anew. Default 1 s, from 10 ms to 1 h.
  public var keepAlive: Duration = .seconds(1)

  /// The most bytes of messages that may be on their way to the server and not answered. What does not fit is refused,
  /// and the stores send it later. Default 64 MiB. An empty queue takes any message.
  public var maxQueuedBytes = 64 * 1_024 * 1_024

  /// The most messages that may be on their way. Default 1,048,576.
  public var maxQueuedMessages = 1_048_576

  /// Whose event loop to run on: one of the group's serves this transport. Nil, the default, makes a thread of its own.
  public var eventLoopGroup: (any EventLoopGroup)?

  /// Told of errors that nobody is waiting for: a server that cannot be reached, a message that it refused. Called on the
  /// transport's event loop, so it must not take long. The same error is reported once in ten seconds at most.
  public var onError: (@Sendable (RedisError) -> Void)?

  /// Told when messages go both ways, for the first time or again. As ``onError``.
  public var onConnect: (@Sendable (RedisAddress) -> Void)?

  /// Told when they do not any more. As ``onError``.
  public var onDisconnect: (@Sendable (RedisAddress) -> Void)?

  /// Where errors, and when the server comes and goes, are logged. Nil, the default, logs nothing.
  public var logger: Logger?

  /// Makes a configuration, with all else at its default.
  public init(addresses: [RedisAddress] = [RedisAddress(host: "127.0.0.1")]) {
    self.addresses = addresses
  }

  /// Makes a configuration from a URL: `redis://[[USER]:PASSWORD@]HOST[:PORT][,HOST[:PORT]...][/DATABASE]`. With
  /// `rediss://` the connection is encrypted and the server's certificate must be of an authority that this machine trusts,
  /// unless ``tls`` says otherwise.
  ///
  /// - Throws: `invalidConfiguration` if it is no such URL. The text shows no password.
  public init(url: String) throws(RedisError) {
    let url = try RedisURL(url)
    self.init(addresses: url.addresses)
    user = url.user
    password = url.password
    database = url.database
    if url.isEncrypted { tls = RedisTLS() }
  }

  func validate() throws(RedisError) {
    let durations: [(String, Duration)] = [
      ("connectTimeout", connectTimeout), ("commandTimeout", commandTimeout),
      ("reconnectInterval", reconnectInterval), ("maxReconnectInterval", maxReconnectInterval),
    ]
    for (name, duration) in durations where !(Duration.milliseconds(1)...Self.longest ~= duration) {
      throw Self.error("\(name) must be from one millisecond to 24 hours, unlike \(duration)")
    }
    guard Duration.milliseconds(10)...Duration.seconds(3_600) ~= keepAlive else {
      throw Self.error("keepAlive must be from 10 ms to 1 h, unlike \(keepAlive)")
    }
    if let startTimeout, startTimeout < .zero {
      throw Self.error("startTimeout must not be negative, unlike \(startTimeout)")
    }
    for (name, count) in [("maxQueuedBytes", maxQueuedBytes), ("maxQueuedMessages", maxQueuedMessages)]
    where count < 1 {
      throw Self.error("\(name) must be at least 1, not \(count)")
    }
    guard !addresses.isEmpty || resolve != nil else { throw Self.error("there is no server to connect to") }
    guard database >= 0 else { throw Self.error("a database is a number from 0, unlike \(database)") }
    guard user == nil || password != nil else { throw Self.error("there is a user, but no password") }
    guard Names.isValidNodeID(prefix) else {
      throw Self.error(
        "a prefix has 1 to 255 bytes and no control characters, unlike \(prefix.debugDescription)")
    }
    guard 1...64 ~= clientName.utf8.count, clientName.utf8.allSatisfy({ 0x21...0x7e ~= $0 }) else {
      throw Self.error(
        "a client's name has 1 to 64 printable characters and no spaces, unlike \(clientName.debugDescription)"
      )
    }
    try tls?.validate()
  }

  private static func error(_ message: String) -> RedisError { RedisError(.invalidConfiguration, message) }

  private static var longest: Duration { .seconds(24 * 60 * 60) }

  var login: Login {
    Login(user: user, password: password, clientName: clientName, database: database)
  }
}

import PodShare

/// What went wrong with Redis.
public struct RedisError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of failure this is. More may come.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    private let name: String

    /// A setting that makes no sense.
    public static let invalidConfiguration = Code(name: "invalidConfiguration")
    /// No server can be reached. It is tried again.
    public static let unreachable = Code(name: "unreachable")
    /// The connection broke. It is made anew.
    public static let disconnected = Code(name: "disconnected")
    /// The server has said nothing for too long.
    public static let silentServer = Code(name: "silentServer")
    /// The server wants credentials, or does not accept those that it was given.
    public static let authenticationFailed = Code(name: "authenticationFailed")
    /// The user lacks a right that is needed.
    public static let notPermitted = Code(name: "notPermitted")
    /// The server is still loading its data. It is tried again.
    public static let loading = Code(name: "loading")
    /// The server is a replica, or has become one, and takes no writes. The primary is looked for.
    public static let readOnly = Code(name: "readOnly")
    /// The server has no memory left for what was to be kept. It is tried again.
    public static let outOfMemory = Code(name: "outOfMemory")
    /// The server refused a command, for the reason that it gives.
    public static let refused = Code(name: "refused")
    /// The server's certificate is not accepted, or this pod's is not, or it does not speak TLS.
    public static let tlsFailed = Code(name: "tlsFailed")
    /// The files with certificates or keys cannot be used.
    public static let unusableCertificates = Code(name: "unusableCertificates")
    /// The server sends what is no Redis protocol.
    public static let protocolViolation = Code(name: "protocolViolation")
    /// The command was not answered in time.
    public static let timedOut = Code(name: "timedOut")
    /// More was to be sent than may wait.
    public static let queueFull = Code(name: "queueFull")
    /// The client was closed.
    public static let closed = Code(name: "closed")
    /// The operation was cancelled.
    public static let cancelled = Code(name: "cancelled")

    public var description: String { name }
  }

  public let code: Code
  /// What happened, for people.
  public let message: String
  /// The server that it is about. Nil if it is about none.
  public let server: String?

  public init(_ code: Code, _ message: String, server: String? = nil) {
    self.code = code
    self.message = message
    self.server = server
  }

  public var description: String {
    server.map { "\(code), Redis at \($0): \(message)" } ?? "\(code): \(message)"
  }

  /// What an error that Redis answers means: the text as it came, which begins with a word in capitals.
  public init(reply text: String, server: String? = nil) {
    let word = text.prefix { $0 != " " }
    let code: Code =
      switch word {
      case "NOAUTH", "WRONGPASS": .authenticationFailed
      case "NOPERM": .notPermitted
      case "LOADING", "MASTERDOWN", "BUSY", "TRYAGAIN": .loading
      case "READONLY": .readOnly
      case "OOM": .outOfMemory
      default: .refused
      }
    self.init(code, text, server: server)
  }

  func at(_ server: String?) -> RedisError {
    RedisError(code, message, server: self.server ?? server)
  }

  var asTransportError: TransportError {
    switch code {
    case .closed: TransportError(.closed, message)
    case .cancelled: TransportError(.cancelled, message)
    case .disconnected, .unreachable: TransportError(.disconnected, description)
    default: TransportError(.failed, description)
    }
  }
}

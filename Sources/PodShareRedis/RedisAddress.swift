/// Where a Redis server is.
///
/// As text, `host:port`, or `host` with port 6379; an IPv6 address stands in brackets.
public struct RedisAddress: Sendable, Hashable {
  /// A host name or an IP address without brackets.
  public let host: String
  /// 1 to 65,535.
  public let port: Int

  public init(host: String, port: Int = Self.defaultPort) {
    self.host = host
    self.port = port
  }

  /// The port that Redis listens on unless told otherwise.
  public static var defaultPort: Int { 6_379 }

  /// Reads `host:port` or `host`. Nil if there is no host, or what is behind the colon is no port.
  public init?(_ text: some StringProtocol) {
    var host = Substring(text)
    var port: Int? = Self.defaultPort
    if host.first == "[" {
      guard let end = host.lastIndex(of: "]") else { return nil }
      let rest = host[host.index(after: end)...]
      guard rest.isEmpty || rest.first == ":" else { return nil }
      if !rest.isEmpty { port = Self.port(rest.dropFirst()) }
      host = host[..<end].dropFirst()
    } else if let colon = host.lastIndex(of: ":") {
      // An IPv6 address without brackets: where its port begins nobody can tell.
      guard host.firstIndex(of: ":") == colon else { return nil }
      port = Self.port(host[host.index(after: colon)...])
      host = host[..<colon]
    }
    guard !host.isEmpty, let port,
      !host.unicodeScalars.contains(where: { $0.value <= 0x20 || "[]/@?#".unicodeScalars.contains($0) })
    else { return nil }
    self.init(host: String(host), port: port)
  }

  private static func port(_ digits: Substring) -> Int? {
    guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
      let port = Int(digits),
      1...65_535 ~= port
    else { return nil }
    return port
  }
}

extension RedisAddress: CustomStringConvertible {
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Where a pod can be reached: a host name or IP address, and a port.
///
/// As text, `host:port`; an IPv6 address stands in brackets, `[fd00::1]:9101`.
public struct PeerAddress: Sendable, Hashable {
  /// A host name, in lower case, or an IP address without brackets.
  public let host: String
  /// 1 to 65,535; as an address to listen on, 0 means any free port.
  public let port: Int

  /// Makes an address. A host name's case does not matter, nor does a dot at its end.
  public init(host: String, port: Int) {
    var host = host.lowercased()
    // "name." and "name" are one host. "." alone is none, but that is for whoever resolves it to say.
    if host.utf8.count > 1, host.last == "." { host.removeLast() }
    self.host = host
    self.port = port
  }

  /// Reads `host:port`. Nil if there is no host, or no port from 0 to 65,535.
  public init?(_ description: String) {
    guard let colon = description.lastIndex(of: ":") else { return nil }
    let digits = description[description.index(after: colon)...]
    guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
      let port = Int(digits), port <= 65_535
    else { return nil }
    var host = description[..<colon]
    if host.first == "[", host.last == "]" {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      // An IPv6 address without brackets: where its port begins nobody can tell.
      return nil
    }
    guard !host.isEmpty, !host.unicodeScalars.contains(where: { $0.value <= 0x20 || $0 == "[" || $0 == "]" })
    else {
      return nil
    }
    self.init(host: String(host), port: port)
  }
}

extension PeerAddress: LosslessStringConvertible {
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension PeerAddress: ExpressibleByStringLiteral {
  /// An address that stands in the source. One that is none ends the program.
  public init(stringLiteral value: String) {
    guard let address = PeerAddress(value) else {
      preconditionFailure("an address is HOST:PORT, unlike \(value.debugDescription)")
    }
    self = address
  }
}

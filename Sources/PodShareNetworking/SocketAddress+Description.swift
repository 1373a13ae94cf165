package import NIOCore

extension SocketAddress {
  /// `ADDRESS:PORT`; an IPv6 address stands in brackets.
  package var shortDescription: String {
    guard let ipAddress, let port else { return description }
    return ipAddress.contains(":") ? "[\(ipAddress)]:\(port)" : "\(ipAddress):\(port)"
  }
}

import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Asks the system for all addresses of a host.
enum SystemResolver {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// IPv4 and IPv6 addresses, each once, without brackets.
  @Sendable
  static func addresses(of host: String) async throws -> [String] {
    // The call blocks its thread for as long as the name servers take.
    try await NIOThreadPool.singleton.runIfActive { try look(up: host) }
  }

  private static func look(up host: String) throws(Failure) -> [String] {
    var first: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, nil, nil, &first)
    guard status == 0 else { throw failure(status) }
    defer { freeaddrinfo(first) }
    var addresses: [String] = []
    var next = first
    while let info = next?.pointee {
      next = info.ai_next
      guard info.ai_family == AF_INET || info.ai_family == AF_INET6 else { continue }
      let address = try text(of: info)
      // Each stands there once for every kind of socket.
      if !addresses.contains(address) { addresses.append(address) }
    }
    return addresses
  }

  private static func text(of info: addrinfo) throws(Failure) -> String {
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let status = getnameinfo(
      info.ai_addr, info.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
    guard status == 0 else { throw failure(status) }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func failure(_ status: Int32) -> Failure {
    Failure(description: gai_strerror(status).map { String(cString: $0) } ?? "error \(status)")
  }
}

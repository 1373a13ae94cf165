package import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Asks the system for all addresses of a host.
package enum SystemResolver {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// IPv4 and IPv6 addresses, each once, without brackets.
  @Sendable
  package static func addresses(of host: String) async throws -> [String] {
    // The call blocks its thread for as long as the name servers take.
    try await NIOThreadPool.singleton.runIfActive { try look(up: host) }
  }

  /// The same with a port, to connect to.
  package static func socketAddresses(of host: String, port: Int) async throws -> [SocketAddress] {
    try await NIOThreadPool.singleton.runIfActive {
      try look(up: host) { info in socketAddress(of: info, port: port) }
    }
  }

  private static func look(up host: String) throws(Failure) -> [String] {
    try look(up: host) { info throws(Failure) in
      let isAddress = info.ai_family == AF_INET || info.ai_family == AF_INET6
      return isAddress ? try text(of: info) : nil
    }
  }

  private static func look<Address: Equatable>(
    up host: String, _ address: (addrinfo) throws(Failure) -> Address?
  ) throws(Failure) -> [Address] {
    var first: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, nil, nil, &first)
    guard status == 0 else { throw failure(status) }
    defer { freeaddrinfo(first) }
    var addresses: [Address] = []
    var next = first
    while let info = next?.pointee {
      next = info.ai_next
      // Each stands there once for every kind of socket.
      if let address = try address(info), !addresses.contains(address) { addresses.append(address) }
    }
    return addresses
  }

  private static func socketAddress(of info: addrinfo, port: Int) -> SocketAddress? {
    guard let pointer = info.ai_addr else { return nil }
    // What the system says is of a family, it has laid out as that; it is there until the list is freed, after this.
    var address: SocketAddress
    switch info.ai_family {
    case AF_INET:
      address = pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { SocketAddress($0.pointee) }
    case AF_INET6:
      address = pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { SocketAddress($0.pointee) }
    default: return nil
    }
    address.port = port
    return address
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

package import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How every connection between pods, or to a server, is set up, whoever dialled it.
package enum ConnectionOptions {
  package static func set(on channel: any Channel) throws {
    guard let options = channel.syncOptions else { return }
    try options.setOption(.tcpOption(.tcp_nodelay), value: 1)
    // What is handed to a channel cannot be overtaken, so it is no more than is written in one go.
    try options.setOption(.writeBufferWaterMark, value: .init(low: 64 * 1_024, high: 256 * 1_024))
    // One buffer is read at a time, then the others have their turn: a peer that floods holds up nobody for long.
    try options.setOption(.maxMessagesPerRead, value: 1)
    try options.setOption(
      .recvAllocator,
      value: AdaptiveRecvByteBufferAllocator(minimum: 2 * 1_024, initial: 16 * 1_024, maximum: 256 * 1_024))
    // A Go pod says nothing as long as nothing happens: whether it is there, the system finds out.
    try options.setOption(.socketOption(.so_keepalive), value: 1)
    #if os(Linux)
      for (option, value) in [(TCP_KEEPIDLE, 10), (TCP_KEEPINTVL, 5), (TCP_KEEPCNT, 3)] {
        try options.setOption(.tcpOption(NIOBSDSocket.Option(rawValue: CInt(option))), value: value)
      }
    #else
      try options.setOption(.tcpOption(NIOBSDSocket.Option(rawValue: TCP_KEEPALIVE)), value: 10)
    #endif
  }
}

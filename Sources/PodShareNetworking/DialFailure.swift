import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Why a peer or a server could not be reached, in words.
package struct DialFailure: CustomStringConvertible {
  package let description: String

  package init(_ error: any Error) {
    guard let error = error as? NIOConnectionError else {
      description = "it could not be reached: \(Self.words(error))"
      return
    }
    if !error.connectionErrors.isEmpty {
      let tries = error.connectionErrors.map { "\($0.target.shortDescription): \(Self.words($0.error))" }
      description = "it could not be reached: \(tries.joined(separator: "; "))"
    } else if let reason = error.dnsAError ?? error.dnsAAAAError {
      description = "its name could not be looked up: \(Self.words(reason))"
    } else {
      description = "it could not be reached"
    }
  }

  package static func words(_ error: any Error) -> String {
    switch error {
    case let error as ChannelError:
      if case .connectTimeout(let time) = error {
        return "no answer within \(time.nanoseconds / 1_000_000) ms"
      }
      return "\(error)"
    case let error as IOError: return String(cString: strerror(error.errnoCode))
    case is SocketAddressError, is SocketAddressError.UnknownHost: return "the name is unknown"
    default: return "\(error)"
    }
  }
}

import Dispatch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The keys that are pressed, if standard input is a terminal.
enum KeyPresses {
  /// Read on a thread that stays until the process ends, since reading cannot be cancelled.
  static func stream() -> AsyncStream<UInt8> {
    let (keys, continuation) = AsyncStream.makeStream(of: UInt8.self, bufferingPolicy: .bufferingNewest(16))
    guard isatty(STDIN_FILENO) == 1 else { return keys }
    DispatchQueue(label: "podshare.keys").async {
      var key: UInt8 = 0
      while true {
        let count = read(STDIN_FILENO, &key, 1)
        if count == 1 {
          continuation.yield(key)
        } else if count == 0 || errno != EINTR {
          return continuation.finish()
        }
      }
    }
    return keys
  }
}

import UnixSignals

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Being told to end, by SIGINT or SIGTERM.
enum Interruption {
  /// Calls `stop` at the first signal. At the second the process ends at once, for whoever does not want to wait.
  ///
  /// Signals are heard when this returns, and what is to be stopped begins after that: whoever sees what it prints may send
  /// one.
  static func watch(_ stop: @escaping @Sendable () -> Void) async -> Task<Void, Never> {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    return Task {
      var isStopping = false
      for await signal in signals {
        if isStopping { exit(128 + signal.rawValue) }
        isStopping = true
        stop()
      }
    }
  }
}

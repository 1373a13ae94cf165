#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The three files that a process is started with, some of which may be missing.
enum StandardStreams {
  /// Holds the places of those that are missing, lest a connection gets one and what is meant for people goes there.
  /// Throws if standard output is one of them.
  static func secure() throws(Failure) {
    var isOutputMissing = false
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where isMissing(descriptor) {
      // It gets the lowest number that is free.
      _ = open("/dev/null", O_RDWR)
      if descriptor == STDOUT_FILENO { isOutputMissing = true }
    }
    if isOutputMissing { throw .outputFailed(String(cString: strerror(EBADF))) }
  }

  /// The system's libraries may have opened something of their own in its place before any line of this was run. Such a
  /// file is closed when another program is started; those that this process was started with cannot be.
  private static func isMissing(_ descriptor: Int32) -> Bool {
    let flags = fcntl(descriptor, F_GETFD)
    return flags < 0 || flags & FD_CLOEXEC != 0
  }

  /// Throws if not all that was written to standard output has arrived there.
  static func checkOutput() throws(Failure) {
    if let reason = LineWriter.standardOutput.failure { throw .outputFailed(reason) }
  }
}

extension Failure {
  fileprivate static func outputFailed(_ reason: String) -> Failure {
    Failure(.failed, "standard output cannot be written: \(reason)")
  }
}

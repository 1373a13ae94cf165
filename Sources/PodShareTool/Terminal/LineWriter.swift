import Dispatch
import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes to a file descriptor, each text in one go, so that those of different tasks never mix.
///
/// Whoever reads the other end may be slow. Then those who write wait, and not the threads that tasks run on, which the
/// store needs for its own work.
final class LineWriter: Sendable {
  static let standardOutput = LineWriter(STDOUT_FILENO)
  static let standardError = LineWriter(STDERR_FILENO)

  private let descriptor: Int32
  private let queue = DispatchQueue(label: "podshare.output")
  /// Why no more can be written, as `errno` says.
  private let breakage = NIOLockedValueBox<Int32?>(nil)

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    // A reader that is gone is noticed by the write that fails.
    signal(SIGPIPE, SIG_IGN)
  }

  /// Writes a line and returns when that is done. False if nobody reads any more.
  func write(line: String) async -> Bool { await write(line + "\n") }

  /// Writes some text and returns when that is done. False if nobody reads any more.
  func write(_ text: String) async -> Bool {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: self.writeAll(text)) }
    }
  }

  /// Why what was to be written was not, if that is a failure: that nobody reads any more is none.
  var failure: String? {
    guard let error = breakage.withLockedValue({ $0 }), error != EPIPE else { return nil }
    return String(cString: strerror(error))
  }

  /// Has a line written soon, without waiting for it.
  func post(line: String) {
    queue.async { _ = self.writeAll(line + "\n") }
  }

  /// Waits for what was posted.
  func flush() async { _ = await write("") }

  private func writeAll(_ text: String) -> Bool {
    guard breakage.withLockedValue({ $0 == nil }) else { return false }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = systemWrite(Array(rest.prefix(65_536)))
      guard count >= 0 else {
        breakage.withLockedValue { [error = errno] in $0 = error }
        return false
      }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// How many bytes were written; negative if none can be any more.
  private func systemWrite(_ bytes: [UInt8]) -> Int {
    while true {
      #if canImport(Glibc)
        let count = Glibc.write(descriptor, bytes, bytes.count)
      #elseif canImport(Musl)
        let count = Musl.write(descriptor, bytes, bytes.count)
      #elseif canImport(Darwin)
        let count = Darwin.write(descriptor, bytes, bytes.count)
      #endif
      if count >= 0 { return count }
      switch errno {
      case EINTR: continue
      // The other end, which may be shared with another program, does not wait.
      case EAGAIN:
        var descriptors = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&descriptors, 1, -1)
      default: return -1
      }
    }
  }
}

import Dispatch
import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reads lines from a file descriptor as they are asked for, on a thread of its own, since reading blocks.
///
/// A wait for a line cannot be cancelled. Whoever has enough leaves the task that waits behind.
final class LineReader: Sendable {
  /// What a line may have at most.
  static let maximumBytes = 64 * 1_024 * 1_024

  enum Line: Sendable, Equatable {
    case text(String)
    /// Bytes that are no UTF-8.
    case garbled
    case tooLong
  }

  private let queue = DispatchQueue(label: "podshare.input")
  // Only touched on the queue, which does one thing after the other.
  private let buffer: NIOLockedValueBox<LineBuffer>
  private let descriptor: Int32

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    buffer = NIOLockedValueBox(LineBuffer(maximumBytes: Self.maximumBytes))
  }

  /// The next line, without what ends it; nil at the end of the input.
  func next() async -> Line? {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: self.read()) }
    }
  }

  private func read() -> Line? {
    var part = [UInt8](repeating: 0, count: 65_536)
    while true {
      if let line = buffer.withLockedValue({ $0.next() }) { return line }
      #if canImport(Glibc)
        let count = Glibc.read(descriptor, &part, part.count)
      #elseif canImport(Musl)
        let count = Musl.read(descriptor, &part, part.count)
      #elseif canImport(Darwin)
        let count = Darwin.read(descriptor, &part, part.count)
      #endif
      if count > 0 {
        buffer.withLockedValue { $0.append(part[..<count]) }
      } else if count == 0 {
        return buffer.withLockedValue { $0.end() }
      } else if errno == EAGAIN {
        var descriptors = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&descriptors, 1, -1)
      } else if errno != EINTR {
        return buffer.withLockedValue { $0.end() }
      }
    }
  }
}

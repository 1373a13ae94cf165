import Foundation
import NIOConcurrencyHelpers

/// A program that was started, by its process ID. Foundation's `Process` looks through the descriptors that are open while
/// other threads open and close some, and has crashed over it.
final class ChildProcess: Sendable {
  private let processID: pid_t
  private let hasEnded = NIOLockedValueBox(false)

  /// - Parameters:
  ///   - output: A descriptor for what it says, on both of its outputs.
  ///   - input: A descriptor for what it reads; nothing if nil.
  init(_ program: URL, _ arguments: [String], output: Int32, input: Int32? = nil) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, output, 2)
    var strings = ([program.path] + arguments).map { strdup($0) } + [nil]
    defer { for string in strings { free(string) } }
    var processID: pid_t = 0
    let error = posix_spawn(&processID, program.path, &actions, nil, &strings, environ)
    guard error == 0 else { throw POSIXError(.init(rawValue: error) ?? .EINVAL) }
    self.processID = processID
  }

  func signal(_ number: Int32) {
    guard !hasEnded.withLockedValue({ $0 }) else { return }
    kill(processID, number)
  }

  /// Waits until it has ended.
  func wait() {
    hasEnded.withLockedValue { hasEnded in
      guard !hasEnded else { return }
      var status: Int32 = 0
      while waitpid(processID, &status, 0) == -1, errno == EINTR {}
      hasEnded = true
    }
  }
}

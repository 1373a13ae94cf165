import Foundation
import PodShareRedis

/// A Redis server of the benchmark's own, which keeps nothing on disk.
final class RedisProcess: Sendable {
  let address: RedisAddress
  private let processID: pid_t

  /// Where the program is; nil if it is not installed.
  static let executable: String? = {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
    return path.split(separator: ":").map { "\($0)/redis-server" }.first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
  }()

  init() async throws {
    guard let program = Self.executable else { throw Unfinished(what: "redis-server is not installed") }
    let port = Int.random(in: 20_000..<30_000)
    address = RedisAddress(host: "127.0.0.1", port: port)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor in 0...2 as ClosedRange<Int32> {
      posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
    }
    let arguments = [program, "--port", "\(port)", "--bind", "127.0.0.1", "--save", ""]
    var strings = arguments.map { strdup($0) } + [nil]
    defer { for string in strings { free(string) } }
    var processID: pid_t = 0
    guard posix_spawn(&processID, program, &actions, nil, &strings, environ) == 0 else {
      throw Unfinished(what: "redis-server cannot be started")
    }
    self.processID = processID
  }

  func stop() {
    // It has inherited which signals this thread does not take; this one cannot be refused.
    kill(processID, SIGKILL)
    var status: Int32 = 0
    waitpid(processID, &status, 0)
  }
}

import Foundation
import Testing

/// A subscriber that knows nothing of this package: `redis-cli subscribe`.
final class Listener {
  private let process: ChildProcess
  private let file: URL

  fileprivate init(_ program: URL, port: Int, channel: String, in folder: URL) throws {
    file = folder.appending(path: "heard-\(UUID().uuidString)")
    let descriptor = open(file.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(descriptor) }
    process = try ChildProcess(program, ["-p", "\(port)", "subscribe", channel], output: descriptor)
  }

  deinit {
    process.signal(SIGKILL)
    process.wait()
  }

  /// All that it has said so far.
  func text() throws -> String { try String(contentsOf: file, encoding: .utf8) }

  func lines() throws -> [String] { try text().split(separator: "\n").map(String.init) }
}

extension RedisServer {
  func listen(to channel: String) throws -> Listener {
    try Listener(try #require(Self.commandLine as URL?), port: port, channel: channel, in: folder)
  }
}

import Foundation
import NIOConcurrencyHelpers
import TestSupport
import Testing

/// A Redis server of the test's own, on a free port of the loopback interface, with a folder of its own.
final class RedisServer: Sendable {
  let port: Int
  let folder: URL
  private let options: [String]
  private let process = NIOLockedValueBox<ChildProcess?>(nil)

  /// Where the program is; nil if it is not installed.
  static let executable = Program.find("redis-server")
  static let commandLine = Program.find("redis-cli")
  static let isInstalled = executable != nil && commandLine != nil

  /// Starts a server.
  ///
  /// - Parameter options: As on its command line. Nothing is kept on disk unless these say so.
  convenience init(_ options: String...) async throws {
    try await self.init(options)
  }

  init(_ options: [String]) async throws {
    port = try Self.freePort()
    folder = FileManager.default.temporaryDirectory.appending(path: "redis-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    self.options = options
    try await start()
  }

  deinit {
    kill()
    try? FileManager.default.removeItem(at: folder)
  }

  static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
      }
    }
    guard isBound else { throw CocoaError(.fileNoSuchFile) }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  /// Starts it, again on the same port and in the same folder, and waits until it answers.
  func start() async throws {
    try launch()
    try await waitUntilReady()
  }

  /// Starts it without waiting.
  func launch() throws {
    let program = try #require(Self.executable as URL?)
    let log = open(log.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    defer { close(log) }
    let process = try ChildProcess(
      program,
      [
        "--port", "\(port)", "--bind", "127.0.0.1", "--dir", folder.path, "--save", "",
        "--enable-debug-command",
        "yes",
      ] + options, output: log)
    self.process.withLockedValue { $0 = process }
  }

  private var log: URL { folder.appending(path: "log") }

  func waitUntilReady() async throws {
    for _ in 0..<500 {
      if (try? await cli("ping"))?.contains("PONG") == true || isProtected { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw CocoaError(.executableLoad)
  }

  /// It answers, but wants credentials or TLS that `cli` does not have.
  private var isProtected: Bool {
    let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
    return (options.contains("--requirepass") || options.contains("--tls-port") || options.contains("--user"))
      && text.contains("Ready to accept connections")
  }

  /// Ends it at once, as a crash would.
  func kill() {
    let process = process.withLockedValue { process in
      defer { process = nil }
      return process
    }
    process?.signal(SIGKILL)
    process?.wait()
  }

  /// It is there and does nothing.
  func suspend() { process.withLockedValue { $0?.signal(SIGSTOP) } }

  func resume() { process.withLockedValue { $0?.signal(SIGCONT) } }

  /// Runs `redis-cli` against it, and returns what it says.
  @discardableResult
  func cli(_ arguments: String...) async throws -> String {
    try await cli(arguments)
  }

  func cli(_ arguments: [String]) async throws -> String {
    let program = try #require(Self.commandLine as URL?)
    let (port, output) = (port, Pipe())
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        do {
          let process = try ChildProcess(
            program, ["-h", "127.0.0.1", "-p", "\(port)"] + arguments,
            output: output.fileHandleForWriting.fileDescriptor)
          try? output.fileHandleForWriting.close()
          let data = output.fileHandleForReading.readDataToEndOfFile()
          process.wait()
          continuation.resume(returning: String(decoding: data, as: UTF8.self))
        } catch {
          continuation.resume(throwing: error)
        }
      }
    }
  }
}

extension Trait where Self == ConditionTrait {
  /// Only where there is a server to test against. That it is missing is said, loudly, by "There is a Redis server".
  static var needsRedis: Self {
    .enabled(if: RedisServer.isInstalled, "NOT TESTED: redis-server and redis-cli are not installed")
  }
}

@Suite("The tests of PodShareRedis")
struct ServerIsThereTests {
  @Test("There is a Redis server to test against")
  func isThere() {
    guard !RedisServer.isInstalled else { return }
    print("\n*** redis-server or redis-cli was not found. NOTHING THAT NEEDS REDIS IS BEING TESTED. ***\n")
    if ProcessInfo.processInfo.environment["CI"] != nil {
      Issue.record("redis-server and redis-cli must be installed where tests decide something")
    }
  }
}

import Foundation
import PodShareRedis
import Story

/// A Redis server on this machine, which keeps nothing on disk.
final class Server {
  let address = RedisAddress(host: "127.0.0.1", port: .random(in: 20_000..<30_000))
  private var process: Process?

  init() throws {
    try start()
  }

  func start() throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["redis-server", "--port", "\(address.port)", "--bind", "127.0.0.1", "--save", ""]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    self.process = process
    remark("a server runs at \(address)")
  }

  /// Without a chance to say goodbye.
  func kill() {
    guard let process, process.isRunning else { return }
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    self.process = nil
  }
}

import Foundation
import Story

/// A pod in a process of its own, which this one has started: told what to do, and listened to.
///
/// It ends when its input does, and so when this process is gone.
final class ChildPod {
  let name: String
  private let process = Process()
  private let input = Pipe()
  private var lines: AsyncStream<String>.Iterator
  /// Lines that nobody has waited for yet.
  private var unheard: [String] = []

  init(_ name: String, peers: [String] = []) throws {
    self.name = name
    let output = Pipe()
    process.executableURL = Bundle.main.executableURL
    process.arguments = ["--node", name, "--listen", "127.0.0.1:0"]
    if !peers.isEmpty { process.arguments? += ["--peers", peers.joined(separator: ",")] }
    process.standardInput = input
    process.standardOutput = output
    lines = Self.lines(of: output.fileHandleForReading).makeAsyncIterator()
    try process.run()
  }

  /// Waits until the pod says something that begins like this, if it has not yet, and returns the rest of that line.
  func hear(_ beginning: String) async throws -> String {
    while !unheard.contains(where: { $0.hasPrefix(beginning) }) {
      guard let line = await lines.next(isolation: #isolation) else {
        throw Unexpected("\(name) says: \(beginning)…")
      }
      if !line.hasPrefix("heartbeat/") { remark("\(name): \(line)") }
      unheard.append(line)
    }
    let index = unheard.firstIndex { $0.hasPrefix(beginning) } ?? unheard.startIndex
    return String(unheard.remove(at: index).dropFirst(beginning.count))
  }

  func tell(_ command: String) throws {
    try input.fileHandleForWriting.write(contentsOf: Data("\(command)\n".utf8))
  }

  /// Without a chance to say goodbye.
  func killAtOnce() {
    kill(process.processIdentifier, SIGKILL)
  }

  /// Has the pod leave, and waits until it has.
  func leave() async throws {
    try input.fileHandleForWriting.close()
    _ = try await hear("bye")
    process.waitUntilExit()
    try expect(process.terminationStatus == 0, "\(name) has left")
  }

  private static func lines(of file: FileHandle) -> AsyncStream<String> {
    let (lines, continuation) = AsyncStream<String>.makeStream()
    // Reading blocks, so a thread of its own does it.
    Thread.detachNewThread {
      var rest = Data()
      while case let data = file.availableData, !data.isEmpty {
        rest += data
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
          continuation.yield(String(decoding: rest[..<end], as: UTF8.self))
          rest = Data(rest[(end + 1)...])
        }
      }
      continuation.finish()
    }
    return lines
  }
}

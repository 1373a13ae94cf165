import Foundation
import NIOConcurrencyHelpers

@testable import PodShareTool

/// One run of the tool, driven over pipes. Whatever it is waited for comes within a time or throws.
final class ToolProcess: Sendable {
  private let process = Process()
  private let input = Pipe()
  private let writer: LineWriter
  private let output: Transcript
  private let errors: Transcript
  private let status = NIOLockedValueBox<Int32?>(nil)
  private let read = NIOLockedValueBox(Read())
  private let readyAddress = NIOLockedValueBox("")

  /// How many lines of each kind the test has seen.
  private struct Read {
    var answers = 0
    var events = 0
  }

  init(_ executable: URL, _ arguments: [String], environment: [String: String]) throws {
    let (outputPipe, errorPipe) = (Pipe(), Pipe())
    process.executableURL = executable
    process.arguments = arguments
    var inherited = ProcessInfo.processInfo.environment
    inherited["PODSHARE_PEERS"] = nil
    process.environment = inherited.merging(environment) { $1 }
    process.standardInput = input
    process.standardOutput = outputPipe
    process.standardError = errorPipe
    writer = LineWriter(input.fileHandleForWriting.fileDescriptor)
    output = Transcript(outputPipe)
    errors = Transcript(errorPipe)
    process.terminationHandler = { [status] process in
      let isSignal = process.terminationReason == .uncaughtSignal
      status.withLockedValue { $0 = isSignal ? 128 + process.terminationStatus : process.terminationStatus }
    }
    try process.run()
  }

  // MARK: What it is told

  func send(_ line: String) async { _ = await writer.write(line: line) }

  func endInput() async {
    await writer.flush()
    try? input.fileHandleForWriting.close()
  }

  func terminate() { process.terminate() }

  /// It answers nobody any more, and is still there.
  func suspend() { _ = process.suspend() }

  func resume() { _ = process.resume() }

  func kill() {
    guard status.withLockedValue({ $0 == nil }), process.isRunning else { return }
    Foundation.kill(process.processIdentifier, SIGKILL)
  }

  // MARK: What it says

  /// The next line that is no event.
  func answer() async throws -> String {
    try await next(\.answers, "an answer") { !$0.hasPrefix("event ") }
  }

  func ask(_ line: String) async throws -> String {
    await send(line)
    return try await answer()
  }

  /// The next line that is an event.
  func event() async throws -> String {
    try await next(\.events, "an event") { $0.hasPrefix("event ") }
  }

  /// Any line of its output so far and to come.
  func line(where isWanted: @escaping @Sendable (String) -> Bool) async throws -> String {
    try await until("a certain line") { self.output.lines.first(where: isWanted) }
  }

  func waitUntilReady() async throws {
    let words = try await answer().split(separator: " ")
    guard words.count == 3, words[0] == "ready" else { throw ToolError("not ready, but \(words)") }
    readyAddress.withLockedValue { $0 = String(words[2]) }
  }

  /// Where it listens, after ``waitUntilReady()``.
  var address: String { readyAddress.withLockedValue { $0 } }

  /// Asks until the answer is the wanted one: what other pods write comes when it comes.
  func waitFor(
    _ wanted: String, asking line: String, as meaning: (String) -> String = { $0 }
  ) async throws {
    let deadline = ContinuousClock.now + Self.patience
    var last = ""
    while ContinuousClock.now < deadline {
      last = meaning(try await ask(line))
      if last == wanted { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw ToolError("\(line) is answered by \(last), not by \(wanted)")
  }

  /// What has become of it at its end.
  func outcome() async throws -> Outcome {
    let status = try await until("its end") { self.status.withLockedValue { $0 } }
    _ = try await until("the end of its output") {
      self.output.hasEnded && self.errors.hasEnded ? true : nil
    }
    return Outcome(status: status, output: output.lines, errors: errors.lines)
  }

  private func next(
    _ counter: any WritableKeyPath<Read, Int> & Sendable, _ what: String,
    where isWanted: @escaping @Sendable (String) -> Bool
  ) async throws -> String {
    let number = read.withLockedValue { read in
      defer { read[keyPath: counter] += 1 }
      return read[keyPath: counter]
    }
    return try await until(what) {
      let lines = self.output.lines.filter(isWanted)
      return lines.indices.contains(number) ? lines[number] : nil
    }
  }

  private func until<Result>(_ what: String, _ look: () -> Result?) async throws -> Result {
    let deadline = ContinuousClock.now + Self.patience
    while true {
      if let result = look() { return result }
      guard ContinuousClock.now < deadline else {
        throw ToolError("waited too long for \(what). Output: \(output.lines). Errors: \(errors.lines)")
      }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  private static var patience: Duration { .seconds(20) }
}

/// The lines that have come out of a pipe.
private final class Transcript: Sendable {
  private let state = NIOLockedValueBox((lines: [String](), hasEnded: false))

  init(_ pipe: Pipe) {
    Task.detached { [state] in
      let reader = LineReader(pipe.fileHandleForReading.fileDescriptor)
      while let line = await reader.next() {
        state.withLockedValue { $0.lines.append(line.text) }
      }
      state.withLockedValue { $0.hasEnded = true }
      try? pipe.fileHandleForReading.close()
    }
  }

  var lines: [String] { state.withLockedValue { $0.lines } }
  var hasEnded: Bool { state.withLockedValue { $0.hasEnded } }
}

extension LineReader.Line {
  fileprivate var text: String {
    switch self {
    case .text(let text): text
    case .garbled: "(garbled)"
    case .tooLong: "(too long)"
    }
  }
}

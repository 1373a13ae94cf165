import Foundation

/// Starts the built tool, and ends what is left of it when a test is over.
actor Tool {
  private var processes: [ToolProcess] = []

  /// Runs a test. No process of it stays, whatever becomes of it.
  static func run<Result: Sendable>(_ body: @Sendable (Tool) async throws -> Result) async throws -> Result {
    let tool = Tool()
    do {
      let result = try await body(tool)
      await tool.killAll()
      return result
    } catch {
      await tool.killAll()
      throw error
    }
  }

  func start(_ arguments: String..., environment: [String: String] = [:]) throws -> ToolProcess {
    try start(arguments, environment: environment)
  }

  func start(_ arguments: [String], environment: [String: String] = [:]) throws -> ToolProcess {
    try start(arguments, of: Self.executable(), environment: environment)
  }

  /// Starts it by another program.
  func start(_ arguments: [String], of program: URL, environment: [String: String] = [:]) throws
    -> ToolProcess
  {
    let process = try ToolProcess(program, arguments, environment: environment)
    processes.append(process)
    return process
  }

  /// A pod that has joined.
  func pod(_ node: String, peers: [String] = [], _ more: String...) async throws -> ToolProcess {
    var arguments = ["pod", "--node", node, "--sync-interval", "200"] + more
    for peer in peers { arguments += ["--peers", peer] }
    let process = try start(arguments, environment: [:])
    try await process.waitUntilReady()
    return process
  }

  /// Runs a command to its end.
  func output(_ arguments: String..., environment: [String: String] = [:]) async throws -> Outcome {
    try await output(arguments, environment: environment)
  }

  func output(_ arguments: [String], environment: [String: String] = [:]) async throws -> Outcome {
    let process = try start(arguments, environment: environment)
    await process.endInput()
    return try await process.outcome()
  }

  /// Whether there is a file to which nothing can be written for want of room.
  static var hasFullDevice: Bool { FileManager.default.fileExists(atPath: "/dev/full") }

  /// Runs a command to its end by bash, with something behind it on the line.
  func output(throughShell rest: String, _ arguments: [String]) async throws -> Outcome {
    let line = #""$0" "$@" "# + rest
    let process = try start(
      ["-c", line, Self.executable().path] + arguments, of: URL(fileURLWithPath: "/bin/bash"))
    await process.endInput()
    return try await process.outcome()
  }

  private func killAll() {
    for process in processes { process.kill() }
  }

  /// It is built beside the tests.
  static func executable() throws -> URL {
    var folders = [Bundle.main.executableURL, Bundle.main.bundleURL].compactMap {
      $0?.deletingLastPathComponent()
    }
    folders += Bundle.allBundles.map { $0.bundleURL.deletingLastPathComponent() }
    folders.append(URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent())
    for folder in folders {
      let file = folder.appendingPathComponent("podshare")
      if FileManager.default.isExecutableFile(atPath: file.path) { return file }
    }
    throw ToolError("there is no podshare in \(folders.map(\.path))")
  }
}

/// What became of a command.
struct Outcome: Equatable, CustomStringConvertible {
  let status: Int32
  let output: [String]
  let errors: [String]

  var description: String { "status \(status), output \(output), errors \(errors)" }
}

struct ToolError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// The outcome of a command that did what it was to, and said this.
func succeeded(_ lines: String...) -> Outcome {
  Outcome(status: 0, output: lines, errors: [])
}

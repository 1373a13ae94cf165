import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A terminal that nobody sits at, with a process on it.
final class PseudoTerminal {
  private let process = Process()
  /// The end at which a person would sit.
  private let seat: Int32
  /// The end that the process has.
  private let line: Int32
  private(set) var screen = ""

  init(_ executable: URL, _ arguments: [String]) throws {
    var size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
    var (seat, line): (Int32, Int32) = (-1, -1)
    guard openpty(&seat, &line, nil, nil, &size) == 0 else { throw ToolError("there is no pseudo terminal") }
    (self.seat, self.line) = (seat, line)
    _ = fcntl(seat, F_SETFL, fcntl(seat, F_GETFL) | O_NONBLOCK)
    let handle = FileHandle(fileDescriptor: line, closeOnDealloc: false)
    process.executableURL = executable
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["TERM": "xterm", "NO_COLOR": ""]) {
      $1
    }
    process.standardInput = handle
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    close(line)
    close(seat)
  }

  func type(_ text: String) {
    var text = text
    text.withUTF8 { _ = write(seat, $0.baseAddress!, $0.count) }
  }

  /// As Ctrl-C does where the terminal is the process's own.
  func interrupt() { process.interrupt() }

  /// Whether what is typed is shown, as in a shell.
  var echoes: Bool {
    var settings = termios()
    return tcgetattr(line, &settings) == 0 && settings.c_lflag & tcflag_t(ECHO) != 0
  }

  /// Waits until the screen has been told something.
  func wait(for text: String) async throws {
    try await until("\(text.debugDescription)") { screen.contains(text) }
  }

  func exitStatus() async throws -> Int32 {
    try await until("its end") { !process.isRunning }
    look()
    return process.terminationStatus
  }

  private func until(_ what: String, _ condition: () -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while true {
      look()
      if condition() { return }
      guard ContinuousClock.now < deadline else {
        throw ToolError("waited too long for \(what). Screen: \(screen.debugDescription)")
      }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  private func look() {
    var part = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = read(seat, &part, part.count)
      guard count > 0 else { return }
      screen += String(decoding: part[..<count], as: UTF8.self)
    }
  }
}

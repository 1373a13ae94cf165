import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where the pod's lines go. To a person it shows a prompt, and what comes in between stands above it.
final class Console: Sendable {
  private let writer: LineWriter
  private let style: Style
  private let isInteractive: Bool
  private let isPrompting = NIOLockedValueBox(false)

  init(writer: LineWriter = .standardOutput) {
    self.writer = writer
    style = .standardOutput
    isInteractive = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
  }

  /// Writes a line of the pod's. False if nobody reads any more.
  func write(_ line: PodLine) async -> Bool {
    let text = line.color.map { style.paint(line.text, $0) } ?? line.text
    guard isInteractive else { return await writer.write(line: text) }
    let prompt = isPrompting.withLockedValue { $0 } ? Self.prompt : ""
    return await writer.write("\(Self.clearLine)\(text)\n\(prompt)")
  }

  /// Shows that a command may be typed.
  func prompt() async {
    guard isInteractive else { return }
    isPrompting.withLockedValue { $0 = true }
    _ = await writer.write(Self.prompt)
  }

  /// The input has ended behind a prompt, where a shell's own is not to stand.
  func leavePrompt() async {
    endPrompt()
    if isInteractive { _ = await writer.write("\n") }
  }

  /// A command has been typed.
  func endPrompt() {
    isPrompting.withLockedValue { $0 = false }
  }

  /// For a person, who would not know what to type.
  func greet() async {
    guard isInteractive else { return }
    _ = await writer.write(line: style.paint("help lists the commands, quit or Ctrl-D ends.", .dim))
  }

  private static let prompt = "> "
  private static let clearLine = "\r\u{1b}[K"
}

extension PodLine {
  fileprivate var color: Style.Color? {
    switch self {
    case .event: .cyan
    case .error: .red
    case .ok, .ready: .green
    case .missing: .yellow
    case .help: .dim
    case .value, .keys, .entries, .version, .members, .statistics: nil
    }
  }
}

import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The terminal's alternate screen: what was on it before is there again afterwards.
final class FullScreen: Sendable {
  struct Size: Sendable, Equatable {
    var columns: Int
    var rows: Int
  }

  private let writer: LineWriter
  private let original = NIOLockedValueBox<termios?>(nil)

  init(writer: LineWriter = .standardOutput) {
    self.writer = writer
  }

  /// Takes the screen over; keys are read one by one from now on, and not shown.
  func enter() async {
    var settings = termios()
    if tcgetattr(STDIN_FILENO, &settings) == 0 {
      original.withLockedValue { $0 = settings }
      settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
      tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }
    _ = await writer.write("\u{1b}[?1049h\u{1b}[?25l")
  }

  /// Gives the screen back.
  func leave() async {
    _ = await writer.write("\u{1b}[?25h\u{1b}[?1049l")
    if var settings = original.withLockedValue({ $0 }) { tcsetattr(STDIN_FILENO, TCSANOW, &settings) }
  }

  /// Shows these lines, which must fit, and nothing else. False if the terminal is gone.
  func show(_ lines: [String]) async -> Bool {
    // Cleared line by line, not all at once, which would flicker.
    let text = lines.map { "\($0)\u{1b}[K" }.joined(separator: "\n")
    return await writer.write("\u{1b}[H\(text)\u{1b}[J")
  }

  static var size: Size {
    var window = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0, window.ws_row > 0 else {
      return Size(columns: 80, rows: 24)
    }
    return Size(columns: Int(window.ws_col), rows: Int(window.ws_row))
  }
}

import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Colours, for those who can see them.
struct Style: Sendable {
  enum Color: String, Sendable {
    case red = "31"
    case green = "32"
    case yellow = "33"
    case cyan = "36"
    case dim = "2"
    case bold = "1"
  }

  /// Whether a person reads this, on a terminal that knows colours.
  let isColored: Bool

  /// As fits what standard output is. NO_COLOR in the environment is respected.
  static var standardOutput: Style {
    let environment = ProcessInfo.processInfo.environment
    let wantsNone = !(environment["NO_COLOR"] ?? "").isEmpty || environment["TERM"] == "dumb"
    return Style(isColored: isatty(STDOUT_FILENO) == 1 && !wantsNone)
  }

  func paint(_ text: String, _ color: Color) -> String {
    isColored ? "\u{1b}[\(color.rawValue)m\(text)\u{1b}[0m" : text
  }
}

import Foundation

/// Numbers as people like to read them.
enum Figures {
  /// With three digits or so: `0`, `7.3`, `812`, `45.1 k`.
  static func rate(_ perSecond: Double) -> String {
    switch perSecond {
    case ..<0.05: "0"
    case ..<100: String(format: "%.1f", perSecond)
    case ..<10_000: String(format: "%.0f", perSecond)
    case ..<1_000_000: String(format: "%.1f k", perSecond / 1_000)
    default: String(format: "%.1f M", perSecond / 1_000_000)
    }
  }

  static func bytes(_ count: Double) -> String {
    switch count {
    case ..<1_024: String(format: "%.0f B", count)
    case ..<(1_024 * 1_024): String(format: "%.1f KiB", count / 1_024)
    default: String(format: "%.1f MiB", count / 1_024 / 1_024)
    }
  }

  /// `120 ms`, `4.2 s`, `3 min`, `5 h`.
  static func time(_ duration: Duration) -> String {
    let seconds = duration / .seconds(1)
    return switch seconds {
    case ..<1: String(format: "%.0f ms", seconds * 1_000)
    case ..<60: String(format: "%.1f s", seconds)
    case ..<3_600: String(format: "%.0f min", (seconds / 60).rounded(.down))
    default: String(format: "%.0f h", (seconds / 3_600).rounded(.down))
    }
  }
}

import Logging
import NIOConcurrencyHelpers

/// Keeps what is logged.
final class LogRecorder: Sendable {
  private let lines = NIOLockedValueBox<[String]>([])

  var messages: [String] { lines.withLockedValue { $0 } }

  var logger: Logger {
    Logger(label: "test") { [lines] _ in Handler(lines: lines) }
  }

  private struct Handler: LogHandler {
    let lines: NIOLockedValueBox<[String]>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      lines.withLockedValue { $0.append("\(event.level): \(event.message) \(event.metadata ?? [:])") }
    }
  }
}

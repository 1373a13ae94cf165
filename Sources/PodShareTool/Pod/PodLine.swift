import PodShare

/// What the pod says: an answer, an event, or that it is ready. Each is one line, but for the list of commands.
enum PodLine: Sendable {
  case ready(nodeID: String, address: String)
  case ok
  case value(key: String, value: JSONValue)
  case missing(key: String)
  case keys([String])
  case entries([Entry<JSONValue>])
  case version(key: String, version: Version)
  case members([Member])
  case statistics(StoreStatistics, isCaughtUp: Bool)
  case event(Event<JSONValue>)
  case help
  case error(String)

  /// The line, without what ends it.
  var text: String {
    switch self {
    case .ready(let nodeID, let address): "ready \(Word.quoted(nodeID)) \(address)"
    case .ok: "ok"
    case .value(let key, let value): "value \(Word.quoted(key)) \(value.line)"
    case .missing(let key): "missing \(Word.quoted(key))"
    case .keys(let keys): JSONText.array(keys.inByteOrder(by: \.self).map { JSONText.string($0) })
    case .entries(let entries): JSONText.object(entries)
    case .version(let key, let version):
      "version \(Word.quoted(key)) \(version.timestamp) \(version.sequence) \(Word.quoted(version.origin))"
    case .members(let members): JSONText.array(members.map { JSONText.object($0) })
    case .statistics(let statistics, let isCaughtUp): JSONText.object(statistics, isCaughtUp: isCaughtUp)
    case .event(let event): Self.text(event)
    case .help: Self.helpText
    case .error(let message): "error \(message.singleLine)"
    }
  }

  /// `null` holds the place of the value that a deleted key does not have.
  private static func text(_ event: Event<JSONValue>) -> String {
    let (key, origin) = (Word.quoted(event.key), Word.quoted(event.origin))
    return switch event.change {
    case .set(let value): "event set \(key) \(value.line) \(origin)"
    case .delete: "event delete \(key) null \(origin)"
    }
  }

  private static var helpText: String {
    let usages = PodRequest.syntaxes.map(\.usage)
    let width = usages.map(\.count).max() ?? 0
    let lines = zip(usages, PodRequest.syntaxes).map { usage, syntax in
      "help \(usage)\(String(repeating: " ", count: width - usage.count))  \(syntax.purpose)"
    }
    let keys = #"help A KEY with a space, a quote or nothing in it is written as JSON: get "two words""#
    return (lines + [keys]).joined(separator: "\n")
  }
}

extension PodLine {
  init(_ error: StoreError) {
    self = .error("\(error)")
  }
}

extension String {
  /// With nothing in it that begins another line or steers a terminal.
  var singleLine: String {
    guard unicodeScalars.contains(where: JSONText.isUnprintable) else { return self }
    return unicodeScalars.reduce(into: "") { text, scalar in
      text.unicodeScalars.append(JSONText.isUnprintable(scalar) ? " " : scalar)
    }
  }
}

import PodShare

/// What `top` shows: made of two samples, without looking at anything else.
struct TopView {
  let topic: String
  let cluster: String
  let sample: TopSample
  let rates: TopRates

  init(topic: String, cluster: String, _ sample: TopSample, after earlier: TopSample) {
    self.topic = topic
    self.cluster = cluster
    self.sample = sample
    rates = TopRates(
      from: earlier.statistics, to: sample.statistics, over: sample.time.duration(since: earlier.time))
  }

  var title: String {
    let name = cluster.isEmpty ? "" : " in cluster \(Word.quoted(cluster))"
    let members = sample.members.count
    return "podshare: topic \(Word.quoted(topic))\(name), \(members) member\(members == 1 ? "" : "s")"
  }

  var lines: [String] { [title, ""] + figures + [""] + table }

  private var figures: [String] {
    let now = sample.statistics
    return Columns(
      [
        ["entries", "\(now.keys)", "tombstones", "\(now.tombstones)", "undecoded", "\(now.opaqueEntries)"],
        [
          "writes/s", Figures.rate(rates.writes), "superseded/s", Figures.rate(rates.superseded),
          "errors", "\(now.errors)",
        ],
        [
          "received/s", Figures.rate(rates.messagesReceived), "sent/s", Figures.rate(rates.messagesSent),
          "invalid", "\(now.invalidMessages)",
        ],
        [
          "sync in/s", Figures.bytes(rates.syncBytesReceived), "sync out/s",
          Figures.bytes(rates.syncBytesSent), "unsent keys", "\(now.unsentKeys)",
        ],
        ["comparisons", "\(now.comparisons)", "gaps", "\(now.gaps)", "states served", "\(now.statesServed)"],
        [
          "healed here", "\(now.entriesHealed)", "healed there", "\(now.entriesSentToHeal)",
          "dropped", "\(now.entriesDropped)",
        ],
      ], minimumWidth: 9
    ).lines
  }

  private var table: [String] {
    MemberTable(sample.members, addresses: sample.addresses, now: sample.time).lines
  }

  /// As much as fits on a screen; the title and the table's head stand out.
  func screen(_ size: FullScreen.Size, style: Style) -> [String] {
    let footer = "q quits"
    let body = lines.prefix(max(0, size.rows - 2)).map { String($0.prefix(size.columns)) }
    let painted = body.enumerated().map { index, line in
      switch index {
      case 0: style.paint(line, .bold)
      case lines.count - table.count: style.paint(line, .cyan)
      default: line
      }
    }
    let hidden = lines.count - body.count
    let note = hidden > 0 ? "\(footer), \(hidden) more below" : footer
    return painted + ["", style.paint(String(note.prefix(size.columns)), .dim)]
  }

  var json: String {
    let figures = [
      ("writesPerSecond", rates.writes), ("supersededPerSecond", rates.superseded),
      ("messagesReceivedPerSecond", rates.messagesReceived), ("messagesSentPerSecond", rates.messagesSent),
      ("syncBytesReceivedPerSecond", rates.syncBytesReceived),
      ("syncBytesSentPerSecond", rates.syncBytesSent),
    ]
    return JSONText.object([
      (key: "time", value: JSONText.string("\(sample.time)")),
      (key: "topic", value: JSONText.string(topic)),
      (key: "rates", value: JSONText.object(figures.map { (key: $0.0, value: "\($0.1)") })),
      (key: "statistics", value: JSONText.object(sample.statistics)),
      (
        key: "members",
        value: JSONText.array(
          sample.members.map { JSONText.object($0, address: sample.addresses[$0.nodeID]) })
      ),
    ])
  }
}

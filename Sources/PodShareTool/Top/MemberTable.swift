import PodShare

/// The pods of a fleet as a table for people.
struct MemberTable {
  let lines: [String]

  init(_ members: [Member], addresses: [String: String], now: Timestamp) {
    let rows = members.map { member in
      [
        Word.quoted(member.nodeID), addresses[member.nodeID] ?? "-", member.isCaughtUp ? "yes" : "no",
        Self.ago(member.lastSeen, now: now), member.lastEqual.map { Self.ago($0, now: now) } ?? "never",
      ]
    }
    lines = Columns([["NODE", "ADDRESS", "CAUGHT UP", "SEEN", "EQUAL"]] + rows).lines
  }

  private static func ago(_ time: Timestamp, now: Timestamp) -> String {
    "\(Figures.time(max(.zero, now.duration(since: time)))) ago"
  }
}

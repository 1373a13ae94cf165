import Testing

@testable import PodShare
@testable import PodShareTool

@Suite("What top shows", .timeLimit(.minutes(1)))
struct TopViewTests {
  private func view() -> TopView {
    var earlier = StoreStatistics()
    earlier.appliedWrites = 10
    var later = StoreStatistics()
    later.appliedWrites = 35
    later.keys = 7
    later.syncBytesReceived = 4_096
    return TopView(
      topic: "t", cluster: "",
      TopSample(time: Timestamp(nanoseconds: 2_500_000_000), statistics: later, members: [], addresses: [:]),
      after: TopSample(
        time: Timestamp(nanoseconds: 500_000_000), statistics: earlier, members: [], addresses: [:]))
  }

  @Test("Rates are differences over the time between")
  func rates() {
    #expect(view().rates.writes == 12.5)
    #expect(view().rates.syncBytesReceived == 2_048)
    #expect(view().rates.messagesSent == 0)
  }

  @Test("The figures stand in columns")
  func lines() {
    let lines = view().lines
    #expect(lines.first == "podshare: topic t, 0 members")
    #expect(lines.contains { $0.hasPrefix("entries      7          tombstones") })
    #expect(lines.contains { $0.hasPrefix("writes/s     12.5") })
    #expect(lines.contains { $0.hasPrefix("sync in/s    2.0 KiB") })
    #expect(lines.last == "NODE  ADDRESS  CAUGHT UP  SEEN  EQUAL")
  }

  @Test("A screen is never longer or wider than it is")
  func screen() {
    for size in [FullScreen.Size(columns: 20, rows: 5), FullScreen.Size(columns: 80, rows: 24)] {
      let lines = view().screen(size, style: Style(isColored: false))
      #expect(lines.count <= size.rows)
      #expect(lines.allSatisfy { $0.count <= size.columns })
      #expect(lines.last?.hasPrefix("q quits") == true)
    }
  }

  @Test("As JSON it is one line")
  func json() throws {
    let json = view().json
    _ = try JSONValue(json)
    #expect(json.hasPrefix(#"{"time":"1970-01-01T00:00:02.5Z","topic":"t","rates":{"writesPerSecond":12.5,"#))
    #expect(!json.contains("\n"))
  }

  @Test("Numbers are short")
  func figures() {
    #expect([0, 7.25, 812.4, 45_100, 2_300_000].map(Figures.rate) == ["0", "7.2", "812", "45.1 k", "2.3 M"])
    #expect([12, 2_048, 3_145_728].map(Figures.bytes) == ["12 B", "2.0 KiB", "3.0 MiB"])
    #expect(
      [.milliseconds(120), .seconds(4.2), .seconds(200), .seconds(20_000)].map(Figures.time)
        == ["120 ms", "4.2 s", "3 min", "5 h"])
  }
}

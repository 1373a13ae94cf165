import Testing

@testable import PodShare
@testable import PodShareTool

@Suite("Lines of a pod", .timeLimit(.minutes(1)))
struct PodLineTests {
  let version = Version(
    timestamp: Timestamp(nanoseconds: 1_000_000_000), author: PodIdentity(nodeID: "node a", incarnation: 4),
    sequence: 7)

  @Test("Answers")
  func answers() throws {
    let value = try JSONValue("[ 1 ]")
    #expect(PodLine.ready(nodeID: "a", address: "127.0.0.1:9").text == "ready a 127.0.0.1:9")
    #expect(PodLine.ok.text == "ok")
    #expect(PodLine.value(key: "k", value: value).text == "value k [1]")
    #expect(PodLine.missing(key: "a b").text == #"missing "a b""#)
    #expect(PodLine.keys(["b", "a b", "ä", "a"]).text == #"["a","a b","b","ä"]"#)
    #expect(PodLine.keys([]).text == "[]")
    #expect(PodLine.entries([]).text == "{}")
    #expect(
      PodLine.version(key: "k", version: version).text == #"version k 1970-01-01T00:00:01Z 7 "node a""#)
    #expect(PodLine.members([]).text == "[]")
    #expect(PodLine.error("a\nb\u{1b}c").text == "error a b c")
  }

  @Test("Statistics are one object with all counters")
  func statistics() {
    var statistics = StoreStatistics()
    statistics.keys = 3
    let text = PodLine.statistics(statistics, isCaughtUp: true).text
    #expect(text.hasPrefix(#"{"isCaughtUp":true,"localWrites":0,"#))
    #expect(text.contains(#","keys":3,"#))
    #expect(text.hasSuffix("}"))
  }

  @Test("Events; null holds the place of what a deleted key does not have")
  func events() throws {
    func line(_ change: Change<JSONValue>) -> String {
      PodLine.event(
        Event(change: change, key: "k", origin: "node a", timestamp: version.timestamp, version: version)
      ).text
    }
    #expect(line(.set(try JSONValue(#"{ "x": "a b" }"#))) == #"event set k {"x":"a b"} "node a""#)
    #expect(line(.delete) == #"event delete k null "node a""#)
  }

  @Test("Help lists every command, a line each, so that nobody takes it for an answer")
  func help() {
    let lines = PodLine.help.text.split(separator: "\n")
    #expect(lines.allSatisfy { $0.hasPrefix("help ") })
    #expect(lines.count == PodRequest.syntaxes.count + 1)
  }
}

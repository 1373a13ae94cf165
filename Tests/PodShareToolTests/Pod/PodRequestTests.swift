import Testing

@testable import PodShareTool

@Suite("Commands of a pod", .timeLimit(.minutes(1)))
struct PodRequestTests {
  @Test(
    "Each command is read",
    arguments: [
      ("set a 1", PodRequest.set(key: "a", value: try! JSONValue("1"))),
      (
        #"set  "two words"  {"x": [1, 2]}  "#,
        .set(key: "two words", value: try! JSONValue(#"{"x": [1, 2]}"#))
      ),
      ("\tget\ta\r", .get(key: "a")), ("del a", .delete(key: "a")), ("delete a", .delete(key: "a")),
      (#"get a"b"#, .get(key: #"a"b"#)), (#"get """#, .get(key: "")), ("keys", .keys), ("dump", .dump),
      (
        #"setmany {"a": 1, "b c": "x"}"#,
        .setMany([
          .init(key: "a", value: try! JSONValue("1")), .init(key: "b c", value: try! JSONValue(#""x""#)),
        ])
      ), ("setmany {}", .setMany([])), ("version a", .version(key: "a")), ("members", .members),
      ("stats", .statistics), ("refresh", .refresh), ("sleep 250", .sleep(milliseconds: 250)),
      ("help", .help), ("quit", .quit), ("exit", .quit),
    ])
  func commands(line: String, request: PodRequest) throws {
    #expect(try PodRequest.parse(line) == request)
  }

  @Test("Empty lines and comments ask for nothing", arguments: ["", "  \t", "# set a 1", "#"])
  func nothing(line: String) throws {
    #expect(try PodRequest.parse(line) == nil)
  }

  @Test(
    "A line that makes no sense is refused, with what would",
    arguments: [
      ("set", "usage: set KEY JSON"), ("set a", "usage: set KEY JSON"), ("get", "usage: get KEY"),
      ("get a b", "usage: get KEY"), ("keys a", "usage: keys"), ("sleep", "usage: sleep MS"),
      ("sleep -1", "usage: sleep MS"), ("sleep 1.5", "usage: sleep MS"),
      ("setmany", "usage: setmany {JSON object}"), ("frob a", "unknown command frob; help lists them"),
      ("SET a 1", "unknown command SET; help lists them"),
      ("set a b", "not JSON: no value begins at byte 0"),
      ("set a {\"x\"}", "not JSON: a colon is missing at byte 4"),
      ("setmany [1]", "not JSON: an object is missing at byte 0"),
      (#"get "a"#, "not JSON: a string does not end at byte 6"),
      (#"get "a"b"#, "not JSON: a space is missing behind the key at byte 7"),
      (#"get "\ud800""#, "not JSON: a string is no text at byte 4"),
    ])
  func refused(line: String, reason: String) {
    #expect(throws: PodRequest.Refusal(reason)) { try PodRequest.parse(line) }
  }

  @Test("Every command that help lists is known by all its names")
  func usages() {
    for word in PodRequest.syntaxes.flatMap(\.words) {
      do throws(PodRequest.Refusal) {
        _ = try PodRequest.parse(word)
      } catch {
        #expect(error.description.hasPrefix("usage: "), "\(word)")
      }
    }
  }
}

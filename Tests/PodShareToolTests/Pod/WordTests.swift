import Testing

@testable import PodShareTool

@Suite("Keys in a line", .timeLimit(.minutes(1)))
struct WordTests {
  @Test(
    "A plain word stands as it is",
    arguments: ["a", "user:42", "a/b.c-d_e@f", "{x}", "#1", "it's", "größe", "鍵", "🔑", "e\u{301}"])
  func plain(key: String) {
    #expect(Word.quoted(key) == key)
  }

  @Test(
    "Anything else is written as a JSON string",
    arguments: [
      ("", #""""#), ("two words", #""two words""#), ("a\"b", #""a\"b""#), ("a\\b", #""a\\b""#),
      ("a\nb", #""a\nb""#), ("\u{1b}[31m", #""\u001b[31m""#), ("a\u{a0}b", "\"a\u{a0}b\""),
      ("a\u{200b}b", #""a\u200bb""#), ("\u{202e}x", #""\u202ex""#), ("\u{e0041}", #""\udb40\udc41""#),
    ])
  func quoted(key: String, text: String) {
    #expect(Word.quoted(key) == text)
  }

  @Test(
    "What is printed is read as the same key",
    arguments: [
      "a", "", "two words", "a\"b\\c", "\u{0}\n\t\u{7f}\u{85}", "\u{200b}\u{e0041}", "🔑 é e\u{301}",
    ])
  func roundTrip(key: String) throws {
    let request = try PodRequest.parse("get \(Word.quoted(key))")
    guard case .get(let read) = request else {
      Issue.record("\(String(describing: request))")
      return
    }
    #expect(Array(read.utf8) == Array(key.utf8))
  }
}

import NIOCore
import PodShare
import Testing

@testable import PodShareTool

@Suite("JSON values", .timeLimit(.minutes(1)))
struct JSONValueTests {
  @Test(
    "What the grammar allows is taken, to the byte",
    arguments: [
      "null", "true", "false", "0", "-0", "-12.50e+3", "1E400", "123456789012345678901234567890.1", #""""#,
      #""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#, #""\ud800""#, "\"\u{7f}é😀\"", "[]", "{}", " [ 1 , 2 ] ",
      #"{"b":1,"a":{"a":[null]},"a":2}"#, "\t{\n}\r\n",
    ])
  func valid(text: String) throws {
    #expect(try JSONValue(text).text == text)
  }

  @Test(
    "What it does not allow is refused",
    arguments: [
      "", " ", "nul", "True", "+1", "01", ".5", "1.", "1e", "-", "0x1", "NaN", "'a'", "\"", #""\x""#,
      #""\u12g4""#,
      "\"\n\"", "[1,]", "[1 2]", "[", "{\"a\":1,}", "{a:1}", "{\"a\"}", "{\"a\":}", "{", "1 2", "// 1",
      "\u{feff}1", "\u{a0}1",
    ])
  func invalid(text: String) {
    #expect(throws: JSONError.self) { try JSONValue(text) }
  }

  @Test("An error says where")
  func place() {
    #expect(throws: JSONError(message: "a digit is missing", offset: 6)) { try JSONValue(#"[1, 2.]"#) }
  }

  @Test("512 levels are taken, and one more is not")
  func depth() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try JSONValue(nested(512))
    #expect(throws: JSONError.self) { try JSONValue(nested(513)) }
    // Nor does a million end the process.
    #expect(throws: JSONError.self) { try JSONValue(nested(1_000_000)) }
  }

  @Test("On one line there is no space between the parts, and nothing that steers a terminal")
  func line() throws {
    let text = "{ \"a b\" :\n [ 1,\t\"x \\\" y\\\\\" , \"\u{9b}31m\u{2028}\u{7f}\" ] }"
    #expect(try JSONValue(text).line == #"{"a b":[1,"x \" y\\","\u009b31m\u2028\u007f"]}"#)
  }

  @Test("The members of an object keep their order and their text")
  func members() throws {
    let members = try JSONValue.members(ofObject: #" { "b" : 1.0, "a\u0020\"": { "x" : [ ] } , "b": null } "#)
    #expect(members.map(\.key) == ["b", "a \"", "b"])
    #expect(members.map(\.value.text) == ["1.0", #"{ "x" : [ ] }"#, "null"])
    #expect(try JSONValue.members(ofObject: "{}").isEmpty)
  }

  @Test("What is no object has no members", arguments: ["[]", "1", "", "{} {}", "{\"a\":1"])
  func noMembers(text: String) {
    #expect(throws: JSONError.self) { try JSONValue.members(ofObject: text) }
  }

  @Test("The codec carries the bytes as they are, and refuses what is no JSON")
  func codec() throws {
    let codec = JSONValueCodec()
    var buffer = ByteBuffer()
    codec.encode(try JSONValue(" [1.00] "), into: &buffer)
    #expect(buffer == ByteBuffer(string: " [1.00] "))
    #expect(try codec.decode(buffer).text == " [1.00] ")
    #expect(throws: JSONError.self) { try codec.decode(ByteBuffer(string: "[")) }
    #expect(throws: JSONError.self) { try codec.decode(ByteBuffer(bytes: [0x22, 0xff, 0x22])) }
  }
}

import NIOCore
import PodShareTestKit
import Testing

@testable import PodShare

@Suite("Wire version 1: what is read, and what is refused")
struct EventReadingTests {
  /// An event with some members replaced, or left out where nil.
  static func event(_ changes: KeyValuePairs<String, String?> = [:], _ more: String = "") -> String {
    var members: [(String, String?)] = [
      ("v", "1"), ("kind", #""set""#), ("key", #""k""#), ("value", #""dg==""#), ("origin", #""go""#),
      ("timestamp", #""2026-01-02T03:04:05Z""#), ("seq", "7"),
    ]
    for (name, value) in changes {
      guard let index = members.firstIndex(where: { $0.0 == name }) else { continue }
      members[index].1 = value
    }
    let text = members.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }.joined(separator: ",")
    return "{\(text)\(more)}"
  }

  static func read(_ text: String) throws(WireError) -> WireEntry {
    try read(ByteBuffer(string: text))
  }

  static func read(_ bytes: ByteBuffer) throws(WireError) -> WireEntry {
    guard case .write(let write) = try WireDecoder.decode(bytes), let entry = write.entries.first else {
      throw WireError(.empty)
    }
    return entry
  }

  static func reason(_ text: String) -> WireError.Reason? {
    do throws(WireError) {
      _ = try read(text)
      return nil
    } catch {
      return error.reason
    }
  }

  static func value(_ text: String) throws -> [UInt8]? {
    guard case .set(_, let bytes) = try read(text).content else { return nil }
    return Array(bytes.readableBytesView)
  }

  // MARK: Members

  @Test("the plain event that the others vary")
  func plain() throws {
    let entry = try Self.read(Self.event())
    #expect(entry.key == Key("k"))
    #expect(entry.version.origin == "go")
    #expect(entry.version.sequence == 7)
    #expect(entry.version.timestamp.description == "2026-01-02T03:04:05Z")
    #expect(try Self.value(Self.event()) == Array("v".utf8))
  }

  @Test("members in any order, with white space wherever it may stand")
  func anyOrder() throws {
    let entry = try Self.read(
      "{ \"seq\" :\t7 ,\r\n\"timestamp\": \"2026-01-02T03:04:05Z\" , \"origin\":\"go\",\"value\":\"dg==\",\"key\":\"k\",\"kind\":\"set\" } \n"
    )
    #expect(entry.version.sequence == 7)
    #expect(entry.key == Key("k"))
  }

  @Test(
    "member names match whatever their case, escaped or not, also by the two letters that fold to ASCII",
    arguments: ["KEY", "Key", "kEy", #"\u006bey"#, #"\u004BEY"#, "\u{212a}ey", #"\u212aEY"#])
  func memberCase(name: String) throws {
    #expect(try Self.read(Self.event(["key": nil], ",\"\(name)\":\"x\"")).key == Key("x"))
  }

  @Test("the long s is a case of s in `seq`")
  func longS() throws {
    #expect(try Self.read(Self.event(["seq": nil], ",\"\u{17f}EQ\":9")).version.sequence == 9)
  }

  @Test(
    "names that only look alike are other members",
    arguments: ["кey", "ke", "keys", "k\u{e9}y", "", #"\ud800ey"#])
  func otherNames(name: String) throws {
    #expect(try Self.read(Self.event([:], ",\"\(name)\":\"x\"")).key == Key("k"))
  }

  @Test("of doubled members the last counts, whatever their case; a null changes nothing")
  func doubled() throws {
    #expect(try Self.read(Self.event([:], #","key":"x""#)).key == Key("x"))
    #expect(try Self.read(Self.event([:], #","KEY":"x""#)).key == Key("x"))
    #expect(try Self.read(Self.event([:], #","key":null"#)).key == Key("k"))
    #expect(try Self.read(Self.event([:], #","seq":8,"Seq":9"#)).version.sequence == 9)
    #expect(try Self.read(Self.event([:], #","seq":null"#)).version.sequence == 7)
    #expect(
      try Self.read(Self.event([:], #","timestamp":null"#)).version.timestamp.description
        == "2026-01-02T03:04:05Z")
    #expect(try Self.value(Self.event([:], #","value":"eA==""#)) == Array("x".utf8))
    #expect(try Self.value(Self.event([:], #","value":null"#)) == [])
  }

  @Test(
    "of doubled members the last counts, whatever those before it said",
    arguments: [
      #""v":2"#, #""timestamp":"0001-01-01T00:00:00Z""#, #""timestamp":"soon""#, #""origin":"\ud800""#,
      #""key":"\ud800""#,
      #""kind":"touch""#, #""seq":-1"#, #""value":"?""#, #""value":[256]"#, #""origin":"""#,
    ])
  func doubledBad(earlier: String) throws {
    let event = "{\(earlier),\(Self.event().dropFirst())"
    #expect(try Self.read(event).key == Key("k"))
    #expect(try Self.value(event) == Array("v".utf8))
  }

  @Test(
    "an error names the member, the key and the origin",
    arguments: [
      ("seq", "-1"), ("timestamp", "1"), ("value", "{}"), ("timestamp", #""1969-12-31T23:59:59Z""#),
      ("v", "3"),
      ("kind", "1"),
    ])
  func named(member: String, value: String) {
    do throws(WireError) {
      _ = try Self.read(Self.event([:], ",\"\(member)\":\(value)"))
      Issue.record("it was read")
    } catch {
      #expect(error.description.hasSuffix(", in the member \"\(member)\""), "\(error)")
      #expect(error.key == "k")
      #expect(error.origin == "go")
    }
  }

  @Test(
    "members that are not known are skipped, whatever they are",
    arguments: [
      "1", "-0.5e+3", "1E9", "true", "false", "null", "\"\"", #""\"\\\/\b\f\n\r\t\u00e9""#, "[]", "{}", "[ ]",
      "{ }",
      #"[1,[2,{"a":[true]}]]"#, #"{"key":"inner","seq":[1]}"#, #""\ud800""#,
      String(repeating: "[", count: 60) + String(repeating: "]", count: 60),
    ])
  func unknownMembers(value: String) throws {
    #expect(try Self.read(Self.event([:], ",\"later\":\(value)")).key == Key("k"))
  }

  @Test("what may be absent: the version, the value, the number")
  func absent() throws {
    #expect(try Self.read(Self.event(["v": nil])).key == Key("k"))
    #expect(try Self.value(Self.event(["value": nil])) == [])
    #expect(try Self.read(Self.event(["seq": nil])).version.sequence == 0)
  }

  @Test("T14: `{}`, null, an empty payload and an unknown kind are refused")
  func trap14() {
    #expect(Self.reason("{}") == .malformed("the message has no kind"))
    #expect(Self.reason("null") != nil)
    #expect(Self.reason("") == .empty)
    #expect(Self.reason(Self.event(["kind": #""touch""#])) == .malformed(#"message kind "touch" is unknown"#))
    #expect(Self.reason(Self.event(["kind": #""SET""#])) != nil)
    #expect(Self.reason(Self.event(["kind": #""""#])) != nil)
    #expect(Self.reason(Self.event(["kind": nil])) != nil)
    #expect(Self.reason(Self.event(["kind": "null"])) != nil)
    #expect(Self.reason(Self.event(["key": nil])) == .malformed("the message has no key"))
    #expect(Self.reason(Self.event(["key": "null"])) != nil)
    #expect(Self.reason(Self.event(["origin": nil])) != nil)
    #expect(Self.reason(Self.event(["origin": #""""#])) != nil)
    #expect(Self.reason(Self.event(["origin": #""a\u0000b""#])) != nil)
  }

  @Test("an empty key is a key")
  func emptyKey() throws {
    #expect(try Self.read(Self.event(["key": #""""#])).key == Key(""))
  }

  @Test(
    "a value of the wrong kind is refused",
    arguments: [
      ("v", "\"1\""), ("v", "1.0"), ("v", "-1"), ("v", "18446744073709551616"), ("kind", "1"), ("kind", "[]"),
      ("key", "1"),
      ("key", "{}"), ("key", "true"), ("value", "1"), ("value", "{}"), ("value", "true"), ("origin", "1"),
      ("timestamp", "1"), ("timestamp", "[]"), ("seq", "\"7\""), ("seq", "true"), ("seq", "[]"),
    ])
  func wrongKind(member: String, value: String) {
    #expect(Self.reason(Self.event([:], ",\"\(member)\":\(value)")) != nil)
  }

  @Test("a version beyond 1 is refused as such, and zero is not")
  func versions() throws {
    #expect(Self.reason(Self.event(["v": "2"])) == .unsupportedVersion(2))
    #expect(Self.reason(Self.event(["v": "255"])) == .unsupportedVersion(255))
    #expect(Self.reason(Self.event(["v": "18446744073709551615"])) == .unsupportedVersion(.max))
    #expect(try Self.read(Self.event(["v": "0"])).key == Key("k"))
    #expect(try Self.read(Self.event(["v": "null"])).key == Key("k"))
  }

  // MARK: Numbers

  @Test("`seq` is an unsigned 64-bit integer without fraction and exponent")
  func sequences() throws {
    #expect(try Self.read(Self.event(["seq": "18446744073709551615"])).version.sequence == .max)
    #expect(try Self.read(Self.event(["seq": "0"])).version.sequence == 0)
    for bad in ["18446744073709551616", "99999999999999999999999", "-1", "-0", "1.0", "1e2", "1E2"] {
      #expect(
        Self.reason(Self.event(["seq": bad]))
          == .malformed("there is no whole number from 0 to 18446744073709551615"),
        "\(bad)")
    }
    for bad in ["01", "+1", ".5", "1.", "1e", "1e+", "--1", "0x1", "NaN", "Infinity", "1_0"] {
      #expect(Self.reason(Self.event(["seq": bad])) != nil, "\(bad)")
    }
  }

  // MARK: Timestamps

  @Test(
    "timestamps, and the same instants written back",
    arguments: [
      ("2026-01-02T03:04:05.100000000Z", "2026-01-02T03:04:05.1Z"),
      ("2026-01-02T03:04:05.000000000Z", "2026-01-02T03:04:05Z"),
      ("2026-01-02T03:04:05.1234567891Z", "2026-01-02T03:04:05.123456789Z"),
      ("2026-01-02T05:04:05+02:00", "2026-01-02T03:04:05Z"),
      ("2026-01-02T03:04:05-00:00", "2026-01-02T03:04:05Z"),
      ("2026-01-01T03:05:05-23:59", "2026-01-02T03:04:05Z"),
      ("2024-02-29T23:59:59.999999999Z", "2024-02-29T23:59:59.999999999Z"),
      ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
      ("2199-12-31T23:59:59.999999999Z", "2199-12-31T23:59:59.999999999Z"),
      ("2000-02-29T12:00:00Z", "2000-02-29T12:00:00Z"),
    ])
  func timestamps(text: String, back: String) throws {
    let entry = try Self.read(Self.event(["timestamp": "\"\(text)\""]))
    #expect(entry.version.timestamp.description == back)
    #expect(String(buffer: try WireVersion1.encodeEvent(entry)).contains("\"timestamp\":\"\(back)\""))
  }

  @Test(
    "timestamps that are none",
    arguments: [
      "2026-01-02t03:04:05Z", "2026-01-02T03:04:05z", "2026-01-02 03:04:05Z", "2026-01-02T03:04:05",
      "2026-01-02T03:04:60Z", "2026-01-02T24:00:00Z", "2026-01-02T03:60:05Z", "2026-02-29T00:00:00Z",
      "2100-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
      "2026-04-31T00:00:00Z", "2026-1-02T03:04:05Z", "2026-01-02T3:04:05Z", "2026-01-02T03:04:05.Z",
      "2026-01-02T03:04:05,5Z", "2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05+02:60",
      "2026-01-02T03:04:05+0200", "2026-01-02T03:04:05+02", "2026-01-02T03:04:05Z ", " 2026-01-02T03:04:05Z",
      "",
      "2026-01-02", "26-01-02T03:04:05Z", "12026-01-02T03:04:05Z", "2026-01-02T03:04:05ZZ",
    ])
  func badTimestamps(text: String) {
    #expect(
      Self.reason(Self.event(["timestamp": "\"\(text)\""]))
        == .malformed("there is no timestamp in the form of RFC 3339"))
  }

  @Test("T12: an absent timestamp, which is the year 1 to Go, and all outside 1970 to 2199 are refused")
  func outOfRange() {
    #expect(Self.reason(Self.event(["timestamp": nil])) == .malformed("there is no timestamp"))
    #expect(Self.reason(Self.event(["timestamp": "null"])) == .malformed("there is no timestamp"))
    for text in [
      "0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "1969-12-31T23:59:59.999999999Z",
      "2200-01-01T00:00:00Z",
      "9999-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01", "2199-12-31T23:59:59-00:01",
    ] {
      #expect(Self.reason(Self.event(["timestamp": "\"\(text)\""])) == .timestampOutOfRange, "\(text)")
    }
  }

  @Test("timestamps of every kind of day are read as they were written")
  func everyDay() throws {
    var random = SeededGenerator(seed: 1)
    for day in stride(from: Int64(0), to: 84_000, by: 1) {
      let nanoseconds = day * 86_400_000_000_000 + Int64.random(in: 0..<86_400_000_000_000, using: &random)
      let timestamp = Timestamp(nanoseconds: nanoseconds)
      #expect(try Timestamp(rfc3339: timestamp.rfc3339[...]) == timestamp, "\(nanoseconds)")
    }
  }

  // MARK: Values

  @Test(
    "Base64 with the standard alphabet and padding; CR and LF in it are skipped",
    arguments: [
      (#""""#, []), (#""AA==""#, [0]), (#""AAE=""#, [0, 1]), (#""AAEC""#, [0, 1, 2]),
      (#""+/+/""#, [251, 255, 191]),
      (#""A\nA=\r\n=\n""#, [0]), (#""\u0041\/8=""#, [0x03, 0xff]), (#""AB==""#, [0]), (#""AAF=""#, [0, 1]),
      (#""+\u002f+\/""#, [251, 255, 191]),
    ] as [(String, [UInt8])])
  func base64(text: String, bytes: [UInt8]) throws {
    #expect(try Self.value(Self.event(["value": text])) == bytes)
  }

  @Test(
    "Base64 that is none",
    arguments: [
      "A", "AA", "AAA", "AA=", "A===", "====", "AA==A", "AA==AA==", "AA=A", "-_-_", "AA ==", "AAA\\t=",
      "AAAAA", "é",
      "AAA\\u0000",
    ])
  func badBase64(text: String) {
    #expect(Self.reason(Self.event(["value": "\"\(text)\""])) == .malformed("the text is not Base64"))
  }

  @Test("a number array is bytes too")
  func numberArray() throws {
    #expect(try Self.value(Self.event(["value": "[118]"])) == [118])
    #expect(try Self.value(Self.event(["value": "[ 0 , 255 ]"])) == [0, 255])
    #expect(try Self.value(Self.event(["value": "[]"])) == [])
    for bad in ["[256]", "[-1]", "[1.0]", "[1e1]", "[\"a\"]", "[[1]]", "[1,]", "[,1]", "[1 2]"] {
      #expect(Self.reason(Self.event(["value": bad])) != nil, "\(bad)")
    }
  }

  @Test("Base64 of all lengths reads back as the bytes it was made of")
  func base64RoundTrip() {
    var random = SeededGenerator(seed: 2)
    for length in 0..<400 {
      let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      var text = ByteBuffer()
      Base64.encode(ByteBuffer(bytes: bytes).readableBytesView, into: &text)
      #expect(Base64.decode(Array(text.readableBytesView)[...]) == bytes)
      #expect(text.readableBytes == (length + 2) / 3 * 4)
    }
  }

  // MARK: Text

  @Test(
    "keys may be escaped in any way",
    arguments: [
      (#"a\"b\\c\/d"#, "a\"b\\c/d"), (#"\b\f\n\r\t"#, "\u{8}\u{c}\n\r\t"), (#"\u003c\u003e\u0026"#, "<>&"),
      ("<>&", "<>&"),
      (#"\u2028\u2029"#, "\u{2028}\u{2029}"), ("\u{2028}\u{2029}", "\u{2028}\u{2029}"),
      (#"\u00E9\u00e9é"#, "ééé"),
      (#"\ud83d\ude00"#, "😀"), ("😀", "😀"), (#"\uFFFD"#, "\u{fffd}"), (#"\u0000"#, "\0"), ("\u{7f}", "\u{7f}"),
    ])
  func escapes(json: String, key: String) throws {
    #expect(try Self.read(Self.event(["key": "\"\(json)\""])).key == Key(key))
  }

  @Test(
    "T15: what is no Unicode is refused, so that keys which differ never become one",
    arguments: [#"\ud800"#, #"\udc00"#, #"\ud800\ud800"#, #"\ud800x"#, #"\ude00\ud83d"#])
  func surrogates(json: String) {
    #expect(Self.reason(Self.event(["key": "\"\(json)\""])) == .invalidUTF8)
  }

  @Test("T15: two keys of different invalid UTF-8 are both refused")
  func invalidUTF8() {
    for bytes in [[0xff], [0xfe], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]] as [[UInt8]] {
      var event = ByteBuffer(string: #"{"v":1,"kind":"set","key":""#)
      event.writeBytes(bytes)
      event.writeString(#"","origin":"go","timestamp":"2026-01-02T03:04:05Z"}"#)
      #expect(throws: WireError(.invalidUTF8, origin: "go", member: "key")) { try Self.read(event) }
    }
  }

  @Test(
    "what is no JSON is refused",
    arguments: [
      #"{"v":1"#, #"{"v":1,}"#, #"{"v" 1}"#, #"{"v":}"#, #"{v:1}"#, #"{'v':1}"#, "{,}", "{", #"{"v":1]"#,
      #"{"v":tru}"#,
      #"{"v":nul}"#, #"{"a":"\x"}"#, #"{"a":"\u12g4"}"#, #"{"a":"\u12"}"#, "{\"a\":\"\n\"}",
      "{\"a\":\"\u{1f}\"}", #"{"a":"b}"#,
      #"{"a":"\"#, #"{"a":[1,2}"#, #"{"a":truefalse}"#, #"{"a":/**/1}"#,
    ])
  func noJSON(text: String) {
    #expect(Self.reason(text) != nil)
    #expect(throws: WireError.self) { try SavedSnapshot.decode(ByteBuffer(string: text)) }
  }

  @Test("bytes behind the object are an error; white space is not, nor before it")
  func trailing() throws {
    #expect(try Self.read(" \r\n\t" + Self.event()).key == Key("k"))
    #expect(Self.reason(Self.event() + "x") == .trailingBytes)
    #expect(Self.reason(Self.event() + "{}") == .trailingBytes)
    #expect(Self.reason(Self.event() + "\0") == .trailingBytes)
    #expect(try Self.read(Self.event() + " \r\n\t").key == Key("k"))
  }

  @Test("an event cut short anywhere is refused")
  func truncated() {
    let event = Array(Self.event([:], #","later":[{"a":-1.5e3,"b":"\u00e9\n"},true,null]"#).utf8)
    for length in 0..<event.count {
      #expect(throws: WireError.self) { try Self.read(ByteBuffer(bytes: event[..<length])) }
    }
  }

  @Test("values may be nested 10,000 deep, as for Go, and no deeper, at no risk to the stack")
  func nesting() throws {
    func nested(_ open: String, _ close: String, _ depth: Int) -> String {
      Self.event(
        [:], ",\"later\":\(String(repeating: open, count: depth))0\(String(repeating: close, count: depth))")
    }
    for (open, close) in [("[", "]"), (#"{"a":"#, "}"), (#"[{"a":"[","b":"#, #","c":2},1]"#)] {
      let levels = open.hasPrefix("[{") ? 2 : 1
      #expect(try Self.read(nested(open, close, 10_000 / levels)).key == Key("k"))
      for depth in [10_000 / levels + 1, 500_000] {
        #expect(
          Self.reason(nested(open, close, depth)) == .malformed("values are nested more than 10000 deep"))
      }
    }
  }

  @Test("a message over 64 MiB is refused before it is looked at; a key over 65,535 bytes too")
  func sizes() throws {
    var huge = ByteBuffer(string: "{")
    huge.writeRepeatingByte(UInt8(ascii: " "), count: WireLimits.messageBytes)
    #expect(throws: WireError(.oversized)) { try Self.read(huge) }
    let key = String(repeating: "k", count: 65_535)
    #expect(try Self.read(Self.event(["key": "\"\(key)\""])).key == Key(key))
    #expect(Self.reason(Self.event(["key": "\"\(key)k\""])) != nil)
  }

  @Test("an error names the origin, once that has been read")
  func origin() {
    do throws(WireError) {
      _ = try Self.read(Self.event(["seq": "-1"]))
      Issue.record("it was read")
    } catch {
      #expect(error.origin == "go")
    }
  }
}

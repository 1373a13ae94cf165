import Foundation
import NIOCore
import PodShare
import Testing

/// Where nothing is unknown, `StrictJSONCodec` is `JSONCodec`.
extension StrictJSONCodecTests {
  @Test("it writes what JSONCodec writes")
  func encoding() throws {
    func expectSameBytes<Value: Codable & Sendable>(_ value: Value) throws {
      var strict = ByteBuffer(string: "before")
      var permissive = strict
      try StrictJSONCodec<Value>().encode(value, into: &strict)
      try JSONCodec<Value>().encode(value, into: &permissive)
      #expect(strict == permissive)
    }
    try expectSameBytes(1.0)
    try expectSameBytes("é\n")
    try expectSameBytes("a/b")
    try expectSameBytes(Limit(rate: 1))
    try expectSameBytes([Mode.off, .fixed(1)])
    #expect(throws: EncodingError.self) {
      var buffer = ByteBuffer()
      try StrictJSONCodec<Double>().encode(.nan, into: &buffer)
    }
  }

  @Test("single tokens are read as JSONCodec reads them", arguments: JSONCodecTests.oddities)
  func tokens(json: String) {
    let json = ByteBuffer(string: json)
    expectSameOutcome(of: json, as: Int.self)
    expectSameOutcome(of: json, as: UInt8.self)
    expectSameOutcome(of: json, as: Double.self)
    expectSameOutcome(of: json, as: Bool.self)
    expectSameOutcome(of: json, as: String.self)
    expectSameOutcome(of: json, as: Colour.self)
    expectSameOutcome(of: json, as: Int?.self)
    expectSameOutcome(of: json, as: Wrapper<Double>.self)
    expectSameOutcome(of: json, as: Int128.self)
    expectSameOutcome(of: json, as: UInt128.self)
    expectSameOutcome(of: json, as: Date.self)
    expectSameOutcome(of: json, as: Data.self)
    expectSameOutcome(of: json, as: URL.self)
    expectSameOutcome(of: json, as: Decimal.self)
  }

  @Test("what is in an object is read as JSONCodec reads it", arguments: JSONCodecTests.oddities)
  func tokensInObjects(token: String) {
    let json = ByteBuffer(string: #"{"first":\#(token),"second":[\#(token)]}"#)
    func expectSame<Part: Codable & Sendable>(_: Part.Type) {
      expectSameOutcome(of: json, as: Pair<Part, [Part]>.self)
      expectSameOutcome(of: json, as: Pair<Part?, [Part?]>.self)
      expectSameOutcome(of: json, as: Pair<Wrapper<Part>, Wrapper<[Part?]>>.self)
    }
    expectSame(Bool.self)
    expectSame(String.self)
    expectSame(Double.self)
    expectSame(Float.self)
    expectSame(Int.self)
    expectSame(Int8.self)
    expectSame(Int16.self)
    expectSame(Int32.self)
    expectSame(Int64.self)
    expectSame(Int128.self)
    expectSame(UInt.self)
    expectSame(UInt8.self)
    expectSame(UInt16.self)
    expectSame(UInt32.self)
    expectSame(UInt64.self)
    expectSame(UInt128.self)
    expectSame(Date.self)
    expectSame(Data.self)
    expectSame(URL.self)
    expectSame(Decimal.self)
    expectSame(Colour.self)
    expectSame(UUID.self)
    expectSame(Limit.self)
  }

  @Test("Foundation's own types go the way that they go in JSONCodec")
  func foundationTypes() throws {
    func expectRoundTrip<Value: Codable & Sendable & Equatable>(_ value: Value) throws {
      for value in [Pair(first: value, second: [value])] {
        let json = ByteBuffer(bytes: try JSONEncoder().encode(value))
        let read = try StrictJSONCodec<Pair<Value, [Value]>>().decode(json)
        #expect(read.first == value.first && read.second == value.second)
      }
      let json = ByteBuffer(bytes: try JSONEncoder().encode(value))
      #expect(try StrictJSONCodec<Value>().decode(json) == value)
    }
    try expectRoundTrip(Date(timeIntervalSince1970: 1_779_962_400.125))
    try expectRoundTrip(Data([0, 1, 255]))
    try expectRoundTrip(try #require(URL(string: "https://example.com/a?b=c#d")))
    try expectRoundTrip(try #require(Decimal(string: "12345678901234567890.123456789")))
    try expectRoundTrip(UUID())
    try expectRoundTrip(DateComponents(year: 2026, month: 5))
    try expectRoundTrip(DateInterval(start: Date(timeIntervalSince1970: 0), duration: 5))
    try expectRoundTrip(Locale(identifier: "de_CH"))
    try expectRoundTrip(TimeZone.gmt)
    try expectRoundTrip(Calendar(identifier: .gregorian))
    try expectRoundTrip(CharacterSet.newlines)
    try expectRoundTrip(IndexSet([1, 2, 9]))
    try expectRoundTrip(Measurement(value: 1, unit: UnitLength.meters))
    try expectRoundTrip(CGRect(x: 1, y: 2, width: 3, height: 4))
    try expectRoundTrip(Duration.seconds(5))
    try expectRoundTrip(ClosedRange(uncheckedBounds: (1, 2)))
    try expectRoundTrip(["a": ["b": Int128.max]])
  }

  static let broken = [
    "", " ", "{", "}", "{}x", "{}{}", "[1,2] ,", "{\"rate\":1}\0", "{\"rate\":1,}", "{\"rate\" 1}",
    "{rate:1}",
    "{\"rate\":1} // x", "{\"rate\":01}", "{\"rate\":1.5}", "{\"rate\":\"1\"}", "{\"rate\":null}",
    "{\"rate\":}",
    "{\"rate\":{}}", "{\"rate\":[]}", "[]", "[{}]", "[{\"rate\":1}]", "null", "7", "\"x\"",
    "{\"rate\":1,\"unit\":2}",
    "{\"unit\":\"s\"}",
    "{\"off\":null}", "{\"off\":1}", "{\"on\":{}}", "{\"off\":{},\"fixed\":{}}", "{\"fixed\":{}}",
    "{\"inner\":null,\"list\":[]}", "{\"inner\":{\"x\":1},\"list\":[]}", "{\"inner\":{\"x\":1}}",
    "{\"list\":[]}",
    "{\"inner\":{\"x\":1},\"list\":{}}", "{\"inner\":{\"x\":1},\"list\":[{\"y\":{\"rate\":1}}]}",
    "{\"inner\":{\"x\":1},\"list\":[{\"y\":{\"rate\":1}},[]]}", "{\"inner\":{\"x\":1},\"list\":[[]]}",
    "{\"side\":{\"rate\":1}}", "{\"side\":{\"rate\":1},\"super\":7}",
    "{\"side\":{\"rate\":1},\"super\":null}",
    "{\"a\":{\"rate\":null}}", "{\"1\":{\"rate\":1},\"x\":{\"rate\":1}}", "[1,{\"rate\":1}]", "[\"red\"]",
    "{\"limit\":{\"rate\":\"x\"}}", "{\"limit\":{}}", "{\"burst\":[{\"rate\":1},{}]}", "{\"grid\":[[[]]]}",
    "\u{feff}{\"rate\":1}", "{\"rate\":1,\"unit\":\"\\ud83d\"}",
  ]

  @Test("of bad JSON, and of JSON of another shape, both throw the same", arguments: broken)
  func badJSON(json: String) {
    let json = ByteBuffer(string: json)
    expectSameErrors(of: json, as: Limit.self)
    expectSameErrors(of: json, as: Settings.self)
    expectSameErrors(of: json, as: Mode.self)
    expectSameErrors(of: json, as: ByHand.self)
    expectSameErrors(of: json, as: Square.self)
    expectSameErrors(of: json, as: Twins.self)
    expectSameErrors(of: json, as: [Limit].self)
    expectSameErrors(of: json, as: [String: Limit].self)
    expectSameErrors(of: json, as: [Int: Limit].self)
    expectSameErrors(of: json, as: [Colour: Limit].self)
    expectSameErrors(of: json, as: [Shade: Limit].self)
  }

  @Test("of two members of one name the first counts, and the second is not looked at")
  func duplicates() throws {
    let json = #"{"rate":1,"rate":2,"rate":{"colour":3}}"#
    #expect(unknown(in: json, as: Limit.self) == nil)
    #expect(try StrictJSONCodec<Limit>().decode(ByteBuffer(string: json)) == Limit(rate: 1))
    #expect(unknown(in: #"{"rate":1,"colour":2,"colour":3}"#, as: Limit.self) == "colour")
    #expect(unknown(in: #"{"limit":{"rate":1,"x":1},"limit":{"rate":2}}"#, as: Settings.self) == "limit.x")
  }

  struct Tree: Codable, Sendable, Equatable {
    var children: [Tree]?
    var child: [String: Tree]?
  }

  @Test("deep nesting is read as far as JSONCodec reads it, and refused beyond")
  func depth() {
    for depth in [255, 256, 257, 10_000] {
      let json = String(repeating: #"{"children":["#, count: depth) + String(repeating: "]}", count: depth)
      expectSameOutcome(of: ByteBuffer(string: json), as: Tree.self)
    }
    let deep =
      String(repeating: #"{"children":["#, count: 255) + #"{"x":1}"# + String(repeating: "]}", count: 255)
    #expect(
      unknown(in: deep, as: Tree.self)
        == Array(repeating: "children[0]", count: 255).joined(separator: ".") + ".x")
    let arrays = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
    expectSameOutcome(of: ByteBuffer(string: arrays), as: JSON.self)
  }

  @Test("only the readable bytes are read, wherever the buffer's indices stand")
  func indices() throws {
    var buffer = ByteBuffer(string: #"xx{"rate":1}yy"#)
    buffer.moveReaderIndex(forwardBy: 2)
    buffer.moveWriterIndex(to: buffer.writerIndex - 2)
    #expect(try StrictJSONCodec<Limit>().decode(buffer) == Limit(rate: 1))
  }
}

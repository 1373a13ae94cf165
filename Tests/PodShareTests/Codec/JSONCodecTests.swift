import Foundation
import NIOCore
import PodShare
import PodShareTestKit
import Testing

/// The codec must be indistinguishable from Foundation's coders; `PodShareJSONTests` has more of this.
@Suite("JSONCodec")
struct JSONCodecTests {
  static let seeds = 0..<8 as Range<UInt64>

  // MARK: Agreement

  /// Whatever one side writes, the other reads as the same value.
  private func expectAgreement<Value: Codable & Sendable & Equatable>(on value: Value, _ seed: UInt64? = nil)
  {
    let comment: Comment = "\(value) as \(Value.self), seed \(String(describing: seed))"
    #expect(throws: Never.self, comment) {
      var ours = ByteBuffer()
      try JSONCodec<Value>().encode(value, into: &ours)
      let theirs = try JSONEncoder().encode(value)
      let theyRead = try JSONDecoder().decode(Value.self, from: Data(ours.readableBytesView))
      #expect(theyRead == value, comment)
      let weRead = try JSONCodec<Value>().decode(ByteBuffer(bytes: theirs))
      #expect(weRead == value, comment)
      let weReadOurs = try JSONCodec<Value>().decode(ours)
      #expect(weReadOurs == value, comment)
    }
  }

  /// Of any bytes, both sides make the same value or both refuse.
  private func expectSameReading<Value: Codable & Sendable & Equatable>(of json: String, as _: Value.Type) {
    let theirs = try? JSONDecoder().decode(Value.self, from: Data(json.utf8))
    let ours = try? JSONCodec<Value>().decode(ByteBuffer(string: json))
    #expect(ours == theirs, "\(json.debugDescription) as \(Value.self)")
  }

  private func expectAgreement<Number: FixedWidthInteger & Codable & Sendable>(
    onIntegers _: Number.Type, seed: UInt64
  ) {
    var generator = SeededGenerator(seed: seed)
    for number in [Number.min, .max, 0, 1, 9, 10, 99, .min + 1, .max - 1] {
      expectAgreement(on: number, seed)
    }
    for _ in 0..<30 {
      let number = Number.random(in: .min ... .max, using: &generator)
      expectAgreement(on: number, seed)
      expectAgreement(on: number >> Number.random(in: 0..<Number(Number.bitWidth), using: &generator), seed)
    }
  }

  @Test("Integers of every width", arguments: seeds)
  func integers(seed: UInt64) {
    expectAgreement(onIntegers: Int.self, seed: seed)
    expectAgreement(onIntegers: Int8.self, seed: seed)
    expectAgreement(onIntegers: Int16.self, seed: seed)
    expectAgreement(onIntegers: Int32.self, seed: seed)
    expectAgreement(onIntegers: Int64.self, seed: seed)
    expectAgreement(onIntegers: UInt.self, seed: seed)
    expectAgreement(onIntegers: UInt8.self, seed: seed)
    expectAgreement(onIntegers: UInt16.self, seed: seed)
    expectAgreement(onIntegers: UInt32.self, seed: seed)
    expectAgreement(onIntegers: UInt64.self, seed: seed)
  }

  @Test("Floating-point numbers, of every magnitude and to the last bit", arguments: seeds)
  func floats(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let corners: [Double] = [
      0, 1, -1, 0.1, 1 / 3, 1e15, 1e16, 1e17, 123_456_789.125, 1e-5, 1e-4, 1e100, 1e-300,
      .greatestFiniteMagnitude, .leastNonzeroMagnitude, .leastNormalMagnitude, .pi, -.pi,
      9_007_199_254_740_992,
    ]
    for number in corners {
      expectAgreement(on: number, seed)
      if Float(number).isFinite { expectAgreement(on: Float(number), seed) }
    }
    for _ in 0..<200 {
      let double = Double(bitPattern: generator.next())
      if double.isFinite { expectAgreement(on: double, seed) }
      let float = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
      if float.isFinite { expectAgreement(on: float, seed) }
      expectAgreement(on: Double.random(in: -1_000...1_000, using: &generator), seed)
      expectAgreement(on: Float.random(in: -1_000...1_000, using: &generator), seed)
    }
  }

  @Test("The sign of zero survives")
  func negativeZero() throws {
    var ours = ByteBuffer()
    try JSONCodec<Double>().encode(-0.0, into: &ours)
    let theirs = try JSONEncoder().encode(-0.0)
    #expect(String(buffer: ours) == String(decoding: theirs, as: UTF8.self))
    #expect(try JSONCodec<Double>().decode(ours).sign == JSONDecoder().decode(Double.self, from: theirs).sign)
  }

  @Test("What is no number in JSON is refused")
  func notFinite() {
    for number in [Double.nan, .infinity, -.infinity] {
      var buffer = ByteBuffer()
      #expect(throws: (any Error).self) { try JSONCodec<Double>().encode(number, into: &buffer) }
      #expect(throws: (any Error).self) { try JSONCodec<Float>().encode(Float(number), into: &buffer) }
    }
  }

  @Test("Booleans")
  func booleans() {
    expectAgreement(on: true)
    expectAgreement(on: false)
  }

  @Test("Strings, with all that needs escaping and much that does not", arguments: seeds)
  func strings(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let corners = [
      "", " ", "\"", "\\", "/", "a/b", "\n\r\t\u{8}\u{c}", "\0", "\u{1f}", "\u{7f}", "\u{80}", "é",
      "e\u{301}",
      "日本", "👨‍👩‍👧‍👦", "\u{2028}\u{2029}", "\u{feff}", "\u{fffd}\u{ffff}\u{10ffff}", "{\"a\":1}",
      String(repeating: "x", count: 100_000),
    ]
    for text in corners { expectAgreement(on: text, seed) }
    for _ in 0..<100 {
      var text = ""
      for _ in 0..<Int.random(in: 0..<20, using: &generator) {
        let value =
          UInt32.random(in: 0...0x10ffff, using: &generator) >> UInt32.random(in: 0..<15, using: &generator)
        if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
      }
      expectAgreement(on: text, seed)
    }
  }

  @Test("Spellings of spellings survive: no normalisation on the way")
  func noNormalisation() throws {
    for text in ["caf\u{e9}", "cafe\u{301}"] {
      var buffer = ByteBuffer()
      try JSONCodec<String>().encode(text, into: &buffer)
      #expect(Array(try JSONCodec<String>().decode(buffer).utf8) == Array(text.utf8))
    }
  }

  // MARK: Unusual and bad input

  static let oddities = [
    "", " ", "null", "true", "false", "True", "truex", " true ", "{}", "[]", "[1]", "\"1\"", "0", "-0", "00",
    "01", "-01",
    "+1", "1 ", " 1", "1.0", "1.5", "-1.0", "1e2", "1E2", "1e-1", "1e400", "-1e400", "1e-400", "1.", ".5",
    "-.5", "-", "--1",
    "0x10", "0b1", "1_000", "nan", "NaN", "inf", "Infinity", "127", "128", "-128", "-129", "255", "256", "-1",
    "2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "-9223372036854775809", "18446744073709551615", "18446744073709551616", "9007199254740993",
    "340282350000000000000000000000000000000", "340282366920938463463374607431768211456",
    String(repeating: "9", count: 40), String(repeating: "9", count: 400),
    "-" + String(repeating: "9", count: 400),
    "0.1", "0." + String(repeating: "0", count: 400) + "1", "16777217",
    "0.1000000000000000055511151231257827",
    "1.00000005960464477540", "7.0385307e-26",
    "\"", "\"\"", "\"a", "a\"", "\"a\"b\"", "\"a\nb\"", "\"\\n\"", "\"\\u00e9\"", "\"\\ud83d\\ude00\"",
    "\"\\ud83d\"",
    "\"\\x\"", "\"a\"  ", "'a'", "\u{feff}1", "\u{feff}\"a\"", "1\0", "\01",
  ]

  @Test("Of any bytes, the codec makes what Foundation makes of them", arguments: oddities)
  func oddity(json: String) {
    expectSameReading(of: json, as: Int.self)
    expectSameReading(of: json, as: Int8.self)
    expectSameReading(of: json, as: UInt8.self)
    expectSameReading(of: json, as: Int32.self)
    expectSameReading(of: json, as: UInt64.self)
    expectSameReading(of: json, as: Double.self)
    expectSameReading(of: json, as: Float.self)
    expectSameReading(of: json, as: Bool.self)
    expectSameReading(of: json, as: String.self)
  }

  @Test("Strings that are not UTF-8 are refused")
  func invalidUTF8() {
    for bytes in [[0x22, 0xff, 0x22], [0x22, 0xc3, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22]] as [[UInt8]] {
      #expect(throws: (any Error).self) { try JSONCodec<String>().decode(ByteBuffer(bytes: bytes)) }
    }
  }

  // MARK: All else

  struct Setting: Codable, Sendable, Equatable {
    var name: String
    var limits: [Int: Double]
    var parent: [Setting]?
  }

  @Test("Structures, arrays and optionals")
  func structures() {
    expectAgreement(on: Setting(name: "a", limits: [1: 2.5], parent: [Setting(name: "b", limits: [:])]))
    expectAgreement(on: [1, 2, 3])
    expectAgreement(on: Int?.some(3))
    expectAgreement(on: Int?.none)
  }

  @Test("Members that the type does not know are ignored: an older build reads what a newer one writes")
  func unknownMembers() throws {
    let json = ByteBuffer(string: #"{"name":"a","limits":{},"colour":"red"}"#)
    #expect(try JSONCodec<Setting>().decode(json) == Setting(name: "a", limits: [:]))
  }

  @Test("Only the readable bytes are read, wherever the buffer's indices stand")
  func indices() throws {
    var buffer = ByteBuffer(string: "xx42yy")
    buffer.moveReaderIndex(forwardBy: 2)
    buffer.moveWriterIndex(to: buffer.writerIndex - 2)
    #expect(try JSONCodec<Int>().decode(buffer) == 42)
    var written = ByteBuffer(string: "before")
    try JSONCodec<String>().encode("a", into: &written)
    #expect(String(buffer: written) == "before\"a\"")
  }
}

import Foundation
import PodShareJSON
import Testing

@Suite("Decoding")
struct DecodingTests {
  @Test(
    "A number that its type has no room for is named, and so is the type",
    arguments: [
      ("300", "300"), ("-129", "-129"), ("1.5", "1.5"),
      (String(repeating: "9", count: 90), String(repeating: "9", count: 40) + "…"),
    ]
  )
  func unfitNumber(text: String, shown: String) throws {
    let bytes = Array("[1, \(text)]".utf8)
    do {
      _ = try JSON.decode([Int8].self, from: bytes.span)
      Issue.record("\(text) was read")
    } catch DecodingError.dataCorrupted(let context) {
      #expect(context.debugDescription == "The number \(shown) does not fit into Int8, at byte 4.")
      #expect(context.codingPath.map(\.intValue) == [1])
    }
  }

  // MARK: Tokens

  static let tokens = [
    "", " ", "null", "true", "false", "True", "truex", "tru", "nul", "nulL", " true ", "\ttrue\r\n", "{}",
    "[]",
    "0", "-0", "00", "01", "-01", "-", "--1", "+1", "1 ", "1.0", "1.5", "-1.0", "1.", ".5", "-.5", "1e2",
    "1E2",
    "1e+2", "1e-1", "10e-1", "1e", "1e+", "1.e5", "1e5e3", "1-2", "1.5.3", "0.0e0", "-0.0", "1e400", "-1e400",
    "1e-400", "0x10", "1_000", "nan", "Infinity", "127", "128", "-128", "-129", "255", "256", "-1", "65536",
    "2147483648", "4294967296", "999999999999999999", "1000000000000000000", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
    "18446744073709551616", "9007199254740991.0", "9007199254740992.0", "9007199254740993.0",
    "9007199254740993",
    "12345678901234567.5", "9223372036854775807.0", "-9223372036854775808.0", "1e18", "1e19", "1e20", "1e38",
    "170141183460469231731687303715884105727", "170141183460469231731687303715884105728",
    "-170141183460469231731687303715884105728", "340282366920938463463374607431768211455",
    "340282366920938463463374607431768211456", "340282350000000000000000000000000000000", "16777217",
    "0.1000000000000000055511151231257827", "1.00000005960464477540", "7.0385307e-26", "5e-324", "2e-324",
    "2.2250738585072011e-308", "1.7976931348623158e308", "1.7976931348623159e308",
    "123456789012345678901234567890",
    String(repeating: "9", count: 400), "0." + String(repeating: "0", count: 400) + "1",
    "1" + String(repeating: "0", count: 30) + "e-30", "0.3", "123.456e10", "4503599627370496.5", "1e22",
    "1e23",
    "\"", "\"\"", "\"a", "a\"", "\"a\"b\"", "\"a\nb\"", "\"\\n\"", "\"\\u00e9\"", "\"\\u00E9\"",
    "\"\\u00g9\"",
    "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\\ud83dx\"", "\"\\ud83d\\n\"", "\"\\ud83d\\u0041\"",
    "\"\\ude00\"",
    "\"\\ude00\\ud83d\"", "\"\\u12\"", "\"\\u123\"", "\"\\u", "\"\\", "\"\\\"", "\"\\x\"", "\"\\u0000\"",
    "\"\\/\"",
    "\"a\\\"\"", "\"a\"  ", "'a'", "\"\u{7f}\"", "\"\u{1}\"", "\"\u{1}\\n\"", "\"é\\né\"", "\"YQ==\"",
    "\"YQ\"",
    "\"Y Q==\"", "\"YQ==\\n\"", "\"YQ-_\"", "\"\\u0059Q==\"", "\"https://example.com/\"", "\"a b\"",
    "\"http://[\"",
    "\"00000000-0000-4000-8000-000000000000\"", "\u{feff}1", "\u{feff}\u{feff}1", "1\0", "\01", "[1]\0",
    "[1,]", "[,]",
    "[1,,2]", "[1 2]", "[1", "[", "]", "[1]]", "[1}", "{\"a\":1}", "{\"a\":1,}", "{,}", "{\"a\"}", "{\"a\":}",
    "{\"a\":1", "{\"a\" : 1 }", "{a:1}", "{\"a\":1]", "{1:1}", "{\"a\":1 \"b\":2}", "{\"a\":1}}",
    "{\"a\":1,\"a\":2}", "{\"1\":1,\"x\":2}", "[1] // x", "[null]", "[[1],[2]]",
  ]

  @Test("of any bytes, each type makes what it makes with Foundation", arguments: tokens)
  func token(json: String) {
    func expectSame<Value: Codable>(_ type: Value.Type) {
      expectSameReading(of: json, as: type)
      expectSameReading(of: json, as: Value?.self)
      expectSameReading(of: json, as: [Value].self)
      expectSameReading(of: "[\(json)]", as: [Value?].self)
      expectSameReading(of: "{\"x\":\(json)}", as: [String: Value].self)
      expectSameReading(of: "{\"x\":\(json),\"y\":\(json)}", as: Pair<Value>.self)
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
    expectSame(UUID.self)
    expectSame([Int: Int].self)
    expectSame(Nothing.self)
  }

  @Test("zero is zero with any exponent, which some versions of Foundation deny")
  func zero() throws {
    for text in ["0e5", "0E-7", "-0.0e400", "0e-400"] {
      #expect(try decoded(text, as: Double.self) == 0)
      #expect(try decoded(text, as: Float.self) == 0)
      #expect(try decoded(text, as: Int.self) == 0)
    }
    #expect(try decoded("-0e5", as: Double.self).sign == .minus)
  }

  struct Nothing: Codable {}

  /// Reads a member that must be there and one that need not.
  struct Pair<Value: Codable>: Codable {
    var x: Value
    var y: Value?
  }

  @Test("numbers are read to the last bit", arguments: 0..<20 as Range<UInt64>)
  func numbers(seed: UInt64) throws {
    var random = Seeded(seed)
    for _ in 0..<500 {
      let digits = String(random.next() >> UInt64(random.number(64)))
      let point = random.number(digits.count)
      var text = "\(digits.prefix(point).isEmpty ? "0" : digits.prefix(point)).\(digits.dropFirst(point))"
      if text.hasPrefix("0"), !text.hasPrefix("0.") { text = "0.\(text.drop { $0 == "0" || $0 == "." })1" }
      if random.number(2) == 0 { text += "e\(random.number(60) - 30)" }
      let double = try decoded(text, as: Double.self)
      #expect(double.bitPattern == Double(text)?.bitPattern, "\(text), seed \(seed)")
      guard let float = Float(text), float.isFinite, float != 0 else { continue }
      #expect(try decoded(text, as: Float.self).bitPattern == float.bitPattern, "\(text), seed \(seed)")
    }
  }

  @Test("decimals are those of Foundation to the last digit", arguments: 0..<20 as Range<UInt64>)
  func decimals(seed: UInt64) {
    var random = Seeded(seed)
    for _ in 0..<200 {
      var text = random.number(2) == 0 ? "-" : ""
      func digits(_ limit: Int) -> String {
        (0...random.number(limit)).map { _ in String(random.number(3) == 0 ? 0 : random.number(10)) }.joined()
      }
      text += random.number(4) == 0 ? "0" : "\(1 + random.number(9))\(digits(45))"
      if random.number(2) == 0 { text += ".\(digits(45))" }
      if random.number(2) == 0 { text += ["e", "E-", "e+"][random.number(3)] + digits(3) }
      let mine = Result { try decoded(text, as: Decimal.self) }
      let theirs = Result { try JSONDecoder().decode(Decimal.self, from: Data(text.utf8)) }
      #expect((try? mine.get())?.description == (try? theirs.get())?.description, "\(text), seed \(seed)")
    }
  }

  // MARK: Escapes

  @Test(
    "escapes are read wherever they stand in a text, and however long it is",
    arguments: 0..<20 as Range<UInt64>)
  func escapes(seed: UInt64) throws {
    var random = Seeded(seed)
    let parts = [
      "\\n", "\\\"", "\\\\", "\\/", "\\u00e9", "\\ud83d\\ude00", "\u{1}", "\\x", "é", "😀", "\\u12",
    ]
    for _ in 0..<200 {
      var text = ""
      for _ in 0..<random.number(8) {
        text += String(repeating: "a", count: random.number(20)) + parts[random.number(parts.count)]
      }
      expectSameReading(of: "[\"\(text)\"]", as: [String].self, "seed \(seed)")
    }
  }

  // MARK: Where something is wrong

  @Test(
    "an error about a number says where it is",
    arguments: [
      (#"{"a":[1,{"b":300}]}"#, ["a", "Index 1", "b"]), (#"{"a":[300]}"#, ["a", "Index 0"]), ("300", []),
      (#"{"":{"x":1},"a":[{"b":1},{},{"c":1,"b":01}]}"#, ["a", "Index 2", "b"]),
      (#"{"a":[{"b":1,"c":{"d":[[],{}]}},{"b":1e400}]}"#, ["a", "Index 1", "b"]),
    ] as [(String, [String])])
  func place(json: String, path: [String]) {
    struct Inner: Codable { var b: UInt8? }
    enum Either: Decodable {
      case number(UInt8)
      case inner(Inner)
      init(from decoder: any Decoder) throws {
        do { self = .number(try UInt8(from: decoder)) } catch DecodingError.typeMismatch {
          self = .inner(try Inner(from: decoder))
        }
      }
    }
    struct Outer: Decodable { var a: [Either] }
    do {
      if json.first == "{" {
        _ = try decoded(json, as: Outer.self)
      } else {
        _ = try decoded(json, as: UInt8.self)
      }
      Issue.record("\(json) was read")
    } catch DecodingError.dataCorrupted(let context) {
      #expect(context.codingPath.map(\.stringValue) == path, "\(json)")
    } catch {
      Issue.record(error)
    }
  }

  @Test("saying where something is wrong takes as long in a long array as in a short one")
  func placesInLongArrays() throws {
    enum Number: Decodable {
      case small(UInt8)
      case other(Double)
      init(from decoder: any Decoder) throws {
        if let small = try? UInt8(from: decoder) {
          self = .small(small)
        } else {
          self = .other(try Double(from: decoder))
        }
      }
    }
    func time(_ count: Int) throws -> Duration {
      let json = "[" + Array(repeating: "0.5", count: count).joined(separator: ",") + "]"
      let start = ContinuousClock.now
      #expect(try decoded(json, as: [Number].self).count == count)
      return ContinuousClock.now - start
    }
    _ = try time(2_000)
    let (short, long) = (try time(2_000), try time(40_000))
    #expect(long < short * 100, "twenty times as many took \(long), not \(short)")
  }

  // MARK: Characters

  static let malformed: [[UInt8]] = [
    [0x22, 0xff, 0x22], [0x22, 0xc3, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0x22, 0xc0, 0x80, 0x22],
    [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xc3, 0x5c, 0x6e, 0xa9, 0x22],
    [0x22, 0x5c, 0x6e, 0xc3, 0x22],
  ]

  @Test(
    "text that is not UTF-8 is refused where it is read, and ignored where it is not", arguments: malformed)
  func notUTF8(bytes: [UInt8]) {
    #expect(throws: DecodingError.self) { try decoded(bytes, as: String.self) }
    for (before, after) in [
      ("{\"a\":", "}"), ("{", ":1}"), ("{\"a\":1,", ":1}"), ("{\"a\":1,\"unknown\":", "}"), ("[", "]"),
    ] {
      let json = Array(before.utf8) + bytes + Array(after.utf8)
      expectSameReading(of: json, as: [String: Int].self)
      expectSameReading(of: json, as: One.self)
      expectSameReading(of: json, as: [String].self)
      expectSameReading(of: json, as: Nothing.self)
    }
  }

  struct One: Codable {
    var a: Int
  }

  @Test("UTF-16 and UTF-32 are read, as by Foundation, with a byte order mark and without")
  func otherEncodings() {
    for text in ["1", "12", "[\"é😀\"]", "{\"a\":1}"] {
      for encoding: String.Encoding in [
        .utf8, .utf16BigEndian, .utf16LittleEndian, .utf32BigEndian, .utf32LittleEndian,
      ] {
        for text in [text, "\u{feff}" + text] {
          let bytes = text.data(using: encoding) ?? Data()
          expectSameReading(of: bytes, as: Int.self)
          expectSameReading(of: bytes, as: [String].self)
          expectSameReading(of: bytes, as: One.self)
          expectSameReading(of: bytes.dropLast(), as: [String].self)
        }
      }
    }
  }

  // MARK: Objects

  struct Accents: Codable, Equatable {
    enum CodingKeys: String, CodingKey {
      case acute = "é"
      case kelvin = "K"
      case plain = "o"
    }

    var acute: Int?
    var kelvin: Int?
    var plain: Int?
  }

  @Test("keys are the same if they are equal as strings, however they are spelt")
  func oddKeys() throws {
    for json in [
      "{\"é\":1}", "{\"e\u{301}\":1}", "{\"\\u00e9\":1}", "{\"\u{212a}\":1}", "{\"\\u004b\":1}",
      "{\"K\":1,\"é\":2}",
      "{\"\\u006f\":1,\"o\":2}", "{\"o\":1,\"\\u006f\":2}", "{\"e\u{301}\":1,\"é\":2}",
      "{\"é\":1,\"e\u{301}\":2}",
      "{\"K\":1,\"\u{212a}\":2}", "{\"\u{212a}\":1,\"K\":2}",
    ] {
      expectSameReading(of: json, as: Accents.self)
      expectSameReading(of: json, as: [String: Int].self)
    }
    struct Kelvin: Codable {
      enum CodingKeys: String, CodingKey {
        case k = "\u{212a}"
      }
      var k: Int
    }
    expectSameReading(of: "{\"K\":1}", as: Kelvin.self)
    expectSameReading(of: "{\"k\":1}", as: Kelvin.self)
  }

  @Test(
    "of members of one name the first counts, in whatever order they are asked for", arguments: [2, 10, 40])
  func repeatedKeys(count: Int) throws {
    let filling = (0..<count).map { "\"filling \($0)\":\($0)" }.joined(separator: ",")
    let json = "{\"a\":1,\(filling),\"b\":2,\"a\":3,\"b\":4}"
    struct Asking: Decodable {
      var values: [Int] = []

      init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Shaped.Key.self)
        for name in ["a", "b", "a", "b", "b", "a"] {
          values.append(try container.decode(Int.self, forKey: Shaped.Key(stringValue: name)))
        }
      }
    }
    #expect(try decoded(json, as: Asking.self).values == [1, 2, 1, 2, 2, 1])
    #expect(try decoded(json, as: [String: Int].self)["a"] == 1)
    #expect(try decoded(json, as: [String: Int].self).count == count + 2)
  }

  @Test("members are found in any order, among few and many", arguments: [1, 2, 15, 16, 17, 18, 100, 1_000])
  func anyOrder(count: Int) throws {
    struct Shuffled: Decodable {
      var values: [Int: Int] = [:]
      var missing = 0

      init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Shaped.Key.self)
        var random = Seeded(7)
        for key in container.allKeys.shuffled(using: &random) {
          #expect(container.contains(key))
          values[Int(key.stringValue.dropFirst(4)) ?? -1] = try container.decode(Int.self, forKey: key)
          let other = Shaped.Key(stringValue: key.stringValue + "x")
          if try container.decodeIfPresent(Int.self, forKey: other) == nil { missing += 1 }
        }
      }
    }
    let json = "{\((0..<count).map { "\"key \($0)\":\($0)" }.joined(separator: ","))}"
    let shuffled = try decoded(json, as: Shuffled.self)
    #expect(shuffled.values == Dictionary(uniqueKeysWithValues: (0..<count).map { ($0, $0) }))
    #expect(shuffled.missing == count)
  }

  enum Mode: Codable, Equatable {
    case off
    case fixed(Int)
    case limited(Limit, burst: Limit?)

    struct Limit: Codable, Equatable {
      var a: Int
    }
  }

  @Test("enums, missing and null members, and values of the wrong kind give Foundation's errors")
  func errors() {
    for json in [
      "{}", "{\"off\":{}}", "{\"off\":null}", "{\"off\":1}", "{\"off\":{},\"fixed\":{}}", "{\"fixed\":{}}",
      "{\"fixed\":{\"_0\":1}}", "{\"fixed\":{\"_0\":\"x\"}}",
      "{\"limited\":{\"_0\":{\"a\":1},\"burst\":null}}",
      "{\"limited\":{\"_0\":{\"a\":1},\"burst\":{\"a\":true}}}", "{\"limited\":{\"_0\":{}}}", "{\"on\":{}}",
      "[]",
      "null", "[{\"a\":1},{\"a\":null}]", "[{\"a\":1},{}]", "[[]]", "[null]", "{\"x\":{\"a\":[]}}",
      "{\"x\":null}",
    ] {
      expectSameReading(of: json, as: Mode.self)
      expectSameReading(of: json, as: [One].self)
      expectSameReading(of: json, as: [One?].self)
      expectSameReading(of: json.utf8, as: [String: One].self, forAnyReason: true)
      expectSameReading(of: json.utf8, as: [String: One?].self, forAnyReason: true)
      expectSameReading(of: json, as: [[Int]].self)
    }
  }

  @Test("the keys in an error's path are the type's own, and its path is theirs")
  func ownKeys() throws {
    struct Outer: Decodable {
      enum CodingKeys: CodingKey {
        case inner
      }
      var inner: [Inner]
    }
    struct Inner: Decodable {
      enum CodingKeys: CodingKey {
        case number
      }
      var number: Int
    }
    do {
      _ = try decoded("{\"inner\":[{\"number\":1},{\"number\":\"x\"}]}", as: Outer.self)
      Issue.record("nothing thrown")
    } catch DecodingError.typeMismatch(_, let context) {
      #expect(context.codingPath.map(\.stringValue) == ["inner", "Index 1", "number"])
      #expect(context.codingPath[0] as? Outer.CodingKeys == .inner)
      #expect(context.codingPath[1].intValue == 1)
      #expect(context.codingPath[2] as? Inner.CodingKeys == .number)
    }
  }

  /// Looks at what a decoder says of itself.
  struct Looking: Codable {
    enum Key: String, CodingKey {
      case a, b, missing
    }

    var seen: [String] = []

    init(from decoder: any Decoder) throws {
      func note(_ path: [any CodingKey]) { seen.append(path.map(\.stringValue).joined(separator: "/")) }
      let object = try decoder.container(keyedBy: Key.self)
      note(decoder.codingPath)
      note(object.codingPath)
      note(try object.superDecoder(forKey: .a).codingPath)
      note(try object.superDecoder(forKey: .missing).codingPath)
      note(try object.superDecoder().codingPath)
      var array = try object.nestedUnkeyedContainer(forKey: .b)
      seen.append("\(array.count ?? -1) \(array.currentIndex) \(array.isAtEnd)")
      seen.append(
        "\(try array.decodeNil()) \(array.currentIndex) \(try array.decodeNil()) \(array.currentIndex)")
      note(try array.nestedContainer(keyedBy: Key.self).codingPath)
      var inner = try array.nestedUnkeyedContainer()
      note(inner.codingPath)
      do { _ = try inner.decode(Int.self) } catch { seen.append(summary(of: error)) }
      do { _ = try inner.decode(One.self) } catch { seen.append(summary(of: error)) }
      do { _ = try inner.superDecoder() } catch { seen.append(summary(of: error)) }
      note(try array.superDecoder().codingPath)
      seen.append("\(array.isAtEnd) \(array.currentIndex) \(decoder.userInfo.isEmpty)")
      do { _ = try array.decodeNil() } catch { seen.append(summary(of: error)) }
      do { _ = try object.decodeNil(forKey: .missing) } catch { seen.append(summary(of: error)) }
      do { _ = try object.nestedUnkeyedContainer(forKey: .a) } catch { seen.append(summary(of: error)) }
      do { _ = try object.nestedContainer(keyedBy: Key.self, forKey: .b) } catch {
        seen.append(summary(of: error))
      }
      do { _ = try One(from: object.superDecoder(forKey: .missing)) } catch {
        seen.append(summary(of: error))
      }
      do { _ = try Int(from: object.superDecoder(forKey: .b)) } catch { seen.append(summary(of: error)) }
    }
  }

  @Test("decoders and containers say where they are, and what comes next, as Foundation's do")
  func places() {
    expectSameReading(of: #"{"a":1,"b":[null,{},[],7],"super":{}}"#, as: Looking.self)
    expectSameReading(of: #"[{"a":1,"b":[null,{},[],7]}]"#, as: [Looking].self)
  }

  // MARK: Depth

  /// As deep as it comes.
  struct Deep: Codable {
    var depth: Int

    init(from decoder: any Decoder) throws {
      var array = try decoder.unkeyedContainer()
      depth = array.isAtEnd ? 1 : try array.decode(Deep.self).depth + 1
    }
  }

  @Test("512 levels are read and one more is refused, of arrays and objects, read or not")
  func depth() throws {
    for depth in [511, 512, 513, 100_000] {
      let arrays = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
      expectSameReading(of: arrays, as: Deep.self)
      let objects = String(repeating: "{\"\":", count: depth) + "1" + String(repeating: "}", count: depth)
      expectSameReading(of: objects, as: Nothing.self)
    }
    for depth in [1, 511, 512, 513, 514, 100_000] {
      // Foundation stops the program at 513 brackets and nothing else.
      #expect(throws: DecodingError.self) { try decoded(String(repeating: "[", count: depth), as: Deep.self) }
      #expect(throws: DecodingError.self) {
        try decoded(String(repeating: "{\"\":", count: depth), as: Deep.self)
      }
    }
    let arrays = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
    #expect(try decoded(arrays, as: Deep.self).depth == 512)
  }

  // MARK: Memory

  /// Reads later.
  struct Later: Decodable {
    let decoder: any Decoder

    init(from decoder: any Decoder) throws {
      self.decoder = decoder
    }
  }

  @Test("a decoder that is kept goes on reading, though the text is gone")
  func escaped() throws {
    let later = try decoded(
      #"{"x":{"name":"a name of some length","list":[1,2.5]}}"#, as: [String: Later].self)
    // What else is decoded meanwhile has memory of its own.
    #expect(
      try decoded("[\"other text, as long as the first one was at least\"]", as: [String].self).count == 1)
    struct Value: Decodable, Equatable {
      var name: String
      var list: [Double]
    }
    let decoder = try #require(later["x"]?.decoder)
    #expect(try Value(from: decoder) == Value(name: "a name of some length", list: [1, 2.5]))
    #expect(try Value(from: decoder).list == [1, 2.5])
    #expect(decoder.codingPath.map(\.stringValue) == ["x"])
  }

  @Test("a value may decode another one meanwhile")
  func withinAnother() throws {
    struct Outer: Decodable {
      var inner: [Int]
      var after: Int

      enum CodingKeys: CodingKey {
        case text, after
      }

      init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        inner = try decoded(object.decode(String.self, forKey: .text), as: [Int].self)
        after = try object.decode(Int.self, forKey: .after)
      }
    }
    let outer = try decoded(#"[{"text":"[1,2,3]","after":4},{"text":"[5]","after":6}]"#, as: [Outer].self)
    #expect(outer.map(\.inner) == [[1, 2, 3], [5]])
    #expect(outer.map(\.after) == [4, 6])
  }
}

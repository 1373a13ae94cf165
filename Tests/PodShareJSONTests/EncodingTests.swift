import Foundation
import PodShareJSON
import Testing

@Suite("Encoding")
struct EncodingTests {
  enum Key: String, CodingKey {
    case a, b, c
  }

  /// A type whose encoding is told by the test.
  struct Custom: Encodable {
    let body: (any Encoder) throws -> Void

    init(_ body: @escaping (any Encoder) throws -> Void) {
      self.body = body
    }

    func encode(to encoder: any Encoder) throws {
      try body(encoder)
    }
  }

  /// What both sides write.
  private func expect<Value: Encodable>(_ value: Value, writes json: String) {
    #expect(throws: Never.self) {
      let (ours, theirs) = (try encoded(value), try encodedByFoundation(value))
      #expect(ours == json)
      #expect(theirs == sorted(json))
    }
  }

  private func error<Value: Encodable>(of value: Value) -> EncodingError? {
    do {
      Issue.record("\(try encoded(value)) was written")
      return nil
    } catch {
      return error as? EncodingError
    }
  }

  /// Both sides refuse the value for the same reason at the same place.
  private func expectSameError<Value: Encodable>(of value: Value) {
    let ours = error(of: value).map { summary(of: $0) }
    do {
      _ = try encodedByFoundation(value)
      Issue.record("Foundation writes it")
    } catch {
      #expect(ours == summary(of: error))
    }
  }

  // MARK: Tokens

  @Test("numbers are written in as few digits as read back the same, integers without a point")
  func numbers() {
    expect([0, -1, .max, .min] as [Int], writes: "[0,-1,9223372036854775807,-9223372036854775808]")
    expect([9, 10, 99, 100, 101, 1_000, 65_535] as [UInt16], writes: "[9,10,99,100,101,1000,65535]")
    expect(UInt64.max, writes: "18446744073709551615")
    expect(Int128.min, writes: "-170141183460469231731687303715884105728")
    expect(
      [1, -0.0, 0.1, 1e15, 1e16, 1e17, 1e-5, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 100.0, 0.5]
        as [Double],
      writes: "[1,-0,0.1,1000000000000000,1e+16,1e+17,1e-05,5e-324,1.7976931348623157e+308,100,0.5]")
    expect([0.1, 16_777_216, .leastNonzeroMagnitude] as [Float], writes: "[0.1,16777216,1e-45]")
  }

  @Test("what is no number in JSON is an error at its place")
  func notFinite() {
    expectSameError(of: Double.nan)
    expectSameError(of: Float.infinity)
    expectSameError(of: [1, -Double.infinity])
    expectSameError(of: ["x": ["y": Double.nan]])
    expectSameError(of: ["x": [[0, 1, Double.nan]]])
    expectSameError(of: Date(timeIntervalSinceReferenceDate: .infinity))
    expectSameError(of: ["x": [Date(timeIntervalSinceReferenceDate: .nan)]])
    // Foundation leaves containers that were opened by hand out of the path.
    let byHand = Custom { encoder in
      var object = encoder.container(keyedBy: Key.self)
      var array = object.nestedUnkeyedContainer(forKey: .b)
      try array.encode(1)
      try array.encode(Float.nan)
    }
    #expect(error(of: [byHand]).map { summary(of: $0) } == "invalidValue nan /Index 0(0)/b()/Index 1(1)")
    #expect(error(of: ["x": Decimal.nan]).map { summary(of: $0) } == "invalidValue NaN /x()")
  }

  @Test("quotes, backslashes and control characters are escaped, and nothing else")
  func strings() {
    expect("\"\\\u{8}\u{c}\n\r\t\0\u{1f}", writes: #""\"\\\b\f\n\r\t\u0000\u001f""#)
    expect("/\u{7f}\u{80}é日👨‍👩‍👧\u{2028}", writes: "\"/\u{7f}\u{80}é日👨‍👩‍👧\u{2028}\"")
    // A quote at each place of a word, and behind some words.
    for length in 0..<40 {
      let text = String(repeating: "x", count: length)
      expect(text + "\"" + text, writes: "\"\(text)\\\"\(text)\"")
      expect([text: text], writes: "{\"\(text)\":\"\(text)\"}")
    }
    expect(
      String(repeating: "\u{1}", count: 5_000), writes: "\"\(String(repeating: "\\u0001", count: 5_000))\"")
  }

  @Test("a date is written as seconds since 2001, data as base 64, and a URL as text")
  func foundationTypes() throws {
    expect(Date(timeIntervalSinceReferenceDate: 1.5), writes: "1.5")
    expect(Data([0, 255, 254]), writes: "\"AP/+\"")
    expect(try #require(URL(string: "https://example.com/a?b#c")), writes: "\"https://example.com/a?b#c\"")
    expect(try #require(Decimal(string: "-12345678901234567890.123")), writes: "-12345678901234567890.123")
    expect(Optional(URL(fileURLWithPath: "/a")), writes: "\"file:///a\"")
    expect(["x": Data()], writes: "{\"x\":\"\"}")
  }

  // MARK: Objects

  @Test("members stand in the order in which they are encoded, those of dictionaries sorted by their keys")
  func order() throws {
    struct Backwards: Encodable {
      var z = 1
      var y = ["d": 1, "c": 2, "a\"": 3, "a": 4, "B": 5, "é": 6, "": 7, "a/": 8]
      var x = [10: "x", 9: "y"]
    }
    #expect(
      try encoded(Backwards())
        == #"{"z":1,"y":{"":7,"B":5,"a":4,"a\"":3,"a/":8,"c":2,"d":1,"é":6},"x":{"10":"x","9":"y"}}"#)
    let nested = ["b": ["d": [1: 1, 0: 0], "c": [:]], "a": [:]]
    #expect(try encoded(nested) == #"{"a":{},"b":{"c":{},"d":{"0":0,"1":1}}}"#)
    let many = Dictionary(uniqueKeysWithValues: (0..<1_000).map { ("key \($0 * 7_919 % 1_000)", $0) })
    let theirs = try encodedByFoundation(many)
    #expect(try encoded(many) == theirs)
  }

  @Test("arrays and dictionaries of the usual types", arguments: 0..<100 as Range<UInt64>)
  func collections(seed: UInt64) {
    var random = Seeded(seed)
    func expectAgreement<Value: Codable & Equatable>(on values: [Value]) {
      let comment: Comment = "seed \(seed)"
      PodShareJSONTests.expectAgreement(on: values, comment)
      PodShareJSONTests.expectAgreement(on: Optional(values), comment)
      PodShareJSONTests.expectAgreement(on: [values, [], values], comment)
      let members = Dictionary(values.map { (random.text(), $0) }) { $1 }
      PodShareJSONTests.expectAgreement(on: members, comment)
      PodShareJSONTests.expectAgreement(on: ["x": members, "": [:]], comment)
    }
    let count = random.number(30)
    expectAgreement(on: (0..<count).map { _ in random.text() })
    expectAgreement(on: (0..<count).map { _ in Int(truncatingIfNeeded: random.next()) })
    expectAgreement(on: (0..<count).map { _ in Double(random.number(1_000)) / 8 })
    expectAgreement(on: (0..<count).map { _ in random.number(2) == 0 })
    expectAgreement(on: (0..<count).map { _ in UInt8(random.number(256)) })
  }

  @Test("a key that is encoded twice has the last value")
  func twice() {
    expect(
      Custom { encoder in
        var object = encoder.container(keyedBy: Key.self)
        try object.encode(1, forKey: .a)
        try object.encode([1, 2], forKey: .b)
        try object.encode("x", forKey: .a)
        try object.encodeNil(forKey: .b)
      }, writes: #"{"a":"x","b":null}"#)
  }

  @Test("keys that are equal as strings are one key, however they are spelt")
  func spelling() {
    expect(
      Custom { encoder in
        var object = encoder.container(keyedBy: Shaped.Key.self)
        for (number, name) in ["é", "K", "x", "e\u{301}", "\u{212a}"].enumerated() {
          try object.encode(number, forKey: Shaped.Key(stringValue: name))
        }
      }, writes: #"{"é":3,"K":4,"x":2}"#)
  }

  @Test("as many different keys as one likes, each once or twice")
  func manyKeys() throws {
    for count in [60, 64, 65, 200] {
      let value = Custom { encoder in
        var object = encoder.container(keyedBy: Shaped.Key.self)
        for round in 1...2 {
          for number in 0..<(count / round) {
            try object.encode(number * round, forKey: Shaped.Key(stringValue: "key \(number)"))
          }
        }
      }
      let (ours, theirs) = (try encoded(value), try encodedByFoundation(value))
      #expect(sorted(ours) == theirs, "\(count)")
    }
  }

  @Test("containers of one place that are opened twice are the same")
  func openedTwice() {
    expect(
      Custom { encoder in
        var first = encoder.container(keyedBy: Key.self)
        try first.encode(1, forKey: .a)
        var nested = first.nestedContainer(keyedBy: Key.self, forKey: .b)
        try nested.encode(2, forKey: .a)
        var second = encoder.container(keyedBy: Key.self)
        try second.encode(3, forKey: .c)
        var again = second.nestedContainer(keyedBy: Key.self, forKey: .b)
        try again.encode(4, forKey: .b)
        try nested.encode(5, forKey: .c)
      }, writes: #"{"a":1,"b":{"a":2,"b":4,"c":5},"c":3}"#)
    expect(
      Custom { encoder in
        var first = encoder.unkeyedContainer()
        try first.encode(1)
        var second = encoder.unkeyedContainer()
        try second.encode(2)
        #expect(first.count == 2 && second.count == 2)
      }, writes: "[1,2]")
  }

  @Test("containers are found again among any number of members", arguments: 1...20 as ClosedRange<UInt64>)
  func openedAmongMany(seed: UInt64) {
    struct Refusal: Error {}
    let value = Custom { encoder in
      // The same program for both sides.
      var random = Seeded(seed)
      let names = 1 + random.number(60)
      var object = encoder.container(keyedBy: Shaped.Key.self)
      var isObject: [Int: Bool] = [:]
      for step in 0..<(10 + random.number(300)) {
        let number = random.number(names)
        let key = Shaped.Key(stringValue: "\(number % 3 == 0 ? "é\"" : "member ")\(number)")
        switch random.number(7) {
        case 6:
          // A member that comes to nothing, after somebody has looked for another one meanwhile.
          guard let open = isObject.filter(\.value).keys.min(), open != number else { continue }
          let around = object
          try? object.encode(
            Custom { _ in
              var around = around
              let key = Shaped.Key(stringValue: "\(open % 3 == 0 ? "é\"" : "member ")\(open)")
              _ = around.nestedContainer(keyedBy: Shaped.Key.self, forKey: key)
              throw Refusal()
            }, forKey: key)
        case 0:
          try object.encode(step, forKey: key)
          isObject[number] = false
        case 1:
          try? object.encode(Custom { _ in throw Refusal() }, forKey: key)
        case 2:
          try object.encode(["x": step], forKey: key)
          isObject[number] = true
        default:
          guard isObject[number, default: true] else { continue }
          var nested = object.nestedContainer(keyedBy: Shaped.Key.self, forKey: key)
          try nested.encode(step, forKey: Shaped.Key(stringValue: "\(random.number(3))"))
          isObject[number] = true
        }
      }
    }
    #expect(throws: Never.self, "seed \(seed)") {
      let (ours, theirs) = (try encoded(value), try encodedByFoundation(value))
      #expect(sorted(ours) == theirs, "seed \(seed)")
    }
  }

  @Test("a value that opens a container where it is being encoded itself is an error")
  func openedWhereEncoding() {
    let value = Custom { encoder in
      var object = encoder.container(keyedBy: Key.self)
      let around = object
      try object.encode(
        Custom { inner in
          var own = inner.container(keyedBy: Key.self)
          try own.encode(1, forKey: .b)
          var around = around
          _ = around.nestedContainer(keyedBy: Key.self, forKey: .a)
        }, forKey: .a)
    }
    #expect(error(of: value) != nil)
    let empty = Custom { encoder in
      var object = encoder.container(keyedBy: Key.self)
      let around = object
      try object.encode(
        Custom { _ in
          var around = around
          _ = around.nestedUnkeyedContainer(forKey: .a)
        }, forKey: .a)
    }
    #expect(error(of: empty) != nil)
  }

  @Test("opening containers in a large object takes as long for each as in a small one")
  func openedInLargeObjects() throws {
    func time(_ count: Int) throws -> Duration {
      let value = Custom { encoder in
        var object = encoder.container(keyedBy: Shaped.Key.self)
        for _ in 0..<2 {
          for number in 0..<count {
            let key = Shaped.Key(stringValue: "member \(number)")
            var nested = object.nestedContainer(keyedBy: Shaped.Key.self, forKey: key)
            try nested.encode(number, forKey: key)
          }
        }
      }
      let start = ContinuousClock.now
      _ = try encoded(value)
      return ContinuousClock.now - start
    }
    _ = try time(500)
    let (short, long) = (try time(500), try time(10_000))
    #expect(long < short * 100, "twenty times as many took \(long), not \(short)")
  }

  @Test("containers side by side may be written in any order")
  func sideBySide() {
    expect(
      Custom { encoder in
        var array = encoder.unkeyedContainer()
        var first = array.nestedContainer(keyedBy: Key.self)
        var second = array.nestedUnkeyedContainer()
        try second.encode(1)
        try first.encode(2, forKey: .a)
        try array.encode(3)
        try first.encode(["x": [4]], forKey: .b)
        try second.encode(5)
      }, writes: #"[{"a":2,"b":{"x":[4]}},[1,5],3]"#)
  }

  @Test("encoders for a superclass write under `super`, under a key, or the next element")
  func superEncoders() {
    expect(
      Custom { encoder in
        var object = encoder.container(keyedBy: Key.self)
        try ["x"].encode(to: object.superEncoder())
        try 7.encode(to: object.superEncoder(forKey: .a))
        _ = object.superEncoder(forKey: .b)
        var array = object.nestedUnkeyedContainer(forKey: .c)
        try ["y": 1].encode(to: array.superEncoder())
        try array.encode(2)
      }, writes: #"{"super":["x"],"a":7,"b":{},"c":[{"y":1},2]}"#)
  }

  @Test("an encoder that is used late writes where it was asked for")
  func lateEncoder() throws {
    let value = Custom { encoder in
      var array = encoder.unkeyedContainer()
      let first = array.superEncoder()
      let second = array.superEncoder()
      let third = array.superEncoder()
      try array.encode("end")
      try 3.encode(to: third)
      try [2].encode(to: second)
      try ["a": 1].encode(to: first)
    }
    #expect(try encoded(value) == #"[{"a":1},[2],3,"end"]"#)
  }

  @Test("a class writes its superclass's members beside its own or in an object of their own")
  func classes() {
    class Base: Encodable {
      var base = 1
    }
    final class Beside: Base {
      var own = 2
      override func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encode(own, forKey: .a)
        try super.encode(to: encoder)
      }
    }
    final class Apart: Base {
      override func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try super.encode(to: object.superEncoder())
        try object.encode(3, forKey: .b)
      }
    }
    expect(Beside(), writes: #"{"a":2,"base":1}"#)
    expect(Apart(), writes: #"{"super":{"base":1},"b":3}"#)
  }

  // MARK: Values that encode nothing, too much, or fail

  @Test("a value that encodes nothing is an empty object within others, and an error alone")
  func nothing() {
    let nothing = Custom { _ in }
    expect([nothing], writes: "[{}]")
    expect(["x": nothing], writes: #"{"x":{}}"#)
    expect(
      Custom { encoder in
        var container = encoder.singleValueContainer()
        try container.encode(nothing)
      }, writes: "{}")
    struct Nothing: Encodable, Equatable, CustomStringConvertible {
      let description = "Nothing"
      func encode(to encoder: any Encoder) throws {}
    }
    expectSameError(of: Nothing())
  }

  @Test("a second value in one place is an error")
  func tooMuch() {
    let twice = Custom { encoder in
      var container = encoder.singleValueContainer()
      try container.encode(1)
      try container.encode(2)
    }
    #expect(error(of: twice) != nil)
    #expect(error(of: [twice]) != nil)
    #expect(
      error(
        of: Custom {
          _ = $0.container(keyedBy: Key.self)
          _ = $0.unkeyedContainer()
        }) != nil)
    #expect(
      error(
        of: Custom { encoder in
          var object = encoder.container(keyedBy: Key.self)
          try object.encode(1, forKey: .a)
          var nested = object.nestedContainer(keyedBy: Key.self, forKey: .a)
          try nested.encode(2, forKey: .b)
        }) != nil)
  }

  struct Failure: Error {}

  @Test("a member that fails is not there if the type goes on without it")
  func undone() throws {
    let failing = Custom { encoder in
      var object = encoder.container(keyedBy: Key.self)
      var nested = object.nestedUnkeyedContainer(forKey: .a)
      try nested.encode(["x": [1]])
      try object.encode(1, forKey: .b)
      try nested.encode(2)
      throw Failure()
    }
    let value = Custom { encoder in
      var object = encoder.container(keyedBy: Key.self)
      try? object.encode(failing, forKey: .a)
      try? object.encode(Double.nan, forKey: .a)
      var array = object.nestedUnkeyedContainer(forKey: .b)
      try? array.encode(failing)
      try array.encode(1)
      try? array.encode([1, .nan])
      #expect(array.count == 1)
      try object.encode(2, forKey: .c)
      try? array.encode(failing)
      try array.encode(3)
      try? object.encode(failing, forKey: .a)
      // Text in the place of what is gone.
      for number in 1_000...1_100 { try array.encode("\(number)") }
    }
    let numbers = (1_000...1_100).map { "\"\($0)\"" }.joined(separator: ",")
    #expect(try encoded(value) == "{\"b\":[1,3,\(numbers)],\"c\":2}")
    #expect(throws: Failure.self) { try encoded(["x": failing]) }
  }

  // MARK: Places

  @Test("an encoder and its containers know their path, and that there is no user info")
  func paths() throws {
    func path(_ keys: [any CodingKey]) -> String { keys.map(\.stringValue).joined(separator: "/") }
    let inner = Custom { encoder in
      #expect(path(encoder.codingPath) == "a/Index 1/x\"y")
      #expect(encoder.userInfo.isEmpty)
      var object = encoder.container(keyedBy: Key.self)
      #expect(path(object.codingPath) == "a/Index 1/x\"y")
      #expect(path(object.nestedUnkeyedContainer(forKey: .b).codingPath) == "a/Index 1/x\"y/b")
      #expect(path(object.superEncoder().codingPath) == "a/Index 1/x\"y/super")
    }
    _ = try encoded(
      Custom { encoder in
        #expect(encoder.codingPath.isEmpty)
        var object = encoder.container(keyedBy: Key.self)
        var array = object.nestedUnkeyedContainer(forKey: .a)
        try array.encode(0)
        try array.encode(["x\"y": inner])
      })
  }

  @Test("the keys in an error's path are the type's own")
  func ownKeys() throws {
    struct Outer: Encodable {
      enum CodingKeys: CodingKey {
        case inner
      }
      var inner = Inner()
    }
    struct Inner: Encodable {
      enum CodingKeys: CodingKey {
        case number
      }
      var number = Double.nan
    }
    guard case .invalidValue(_, let context) = error(of: Outer()) else { return }
    #expect(context.codingPath.first as? Outer.CodingKeys == .inner)
    #expect(context.codingPath.last as? Inner.CodingKeys == .number)
  }

  // MARK: Depth

  @Test("512 levels are written, one more is an error, and no more are tried")
  func depth() {
    struct Deep: Encodable {
      var rest: Int
      func encode(to encoder: any Encoder) throws {
        var array = encoder.unkeyedContainer()
        if rest > 1 { try array.encode(Deep(rest: rest - 1)) }
      }
    }
    #expect(throws: Never.self) { try encoded(Deep(rest: 512)) }
    #expect(error(of: Deep(rest: 513)).map { summary(of: $0).hasSuffix(" ") } == true)
    #expect(error(of: Deep(rest: .max)) != nil)
    #expect(throws: Never.self) { try encodedByFoundation(Deep(rest: 511)) }
    let opened = Custom { encoder in
      var array = encoder.unkeyedContainer()
      for _ in 0..<100_000 { array = array.nestedUnkeyedContainer() }
    }
    #expect(error(of: opened) != nil)
  }

  // MARK: Memory

  @Test("an encoder that is kept writes to nowhere once its value is encoded")
  func escaped() throws {
    final class Kept {
      var encoder: (any Encoder)?
      var object: KeyedEncodingContainer<Key>?
      var array: (any UnkeyedEncodingContainer)?
    }
    let kept = Kept()
    let inner = Custom { encoder in
      kept.encoder = encoder
      kept.object = encoder.container(keyedBy: Key.self)
      kept.array = kept.object?.nestedUnkeyedContainer(forKey: .a)
    }
    func use() throws {
      try kept.object?.encode("x", forKey: .b)
      try kept.array?.encode([1])
      var nested = kept.object?.nestedContainer(keyedBy: Key.self, forKey: .c)
      try nested?.encode(1, forKey: .a)
      _ = kept.array?.superEncoder().unkeyedContainer()
    }
    let outer = Custom { encoder in
      var array = encoder.unkeyedContainer()
      try array.encode(inner)
      // A value in the place of the one that has ended.
      let next = Custom { encoder in
        var object = encoder.container(keyedBy: Key.self)
        try use()
        try object.encode(1, forKey: .b)
        var array = object.nestedUnkeyedContainer(forKey: .c)
        try use()
        try array.encode(2)
      }
      try array.encode(next)
      try use()
      try array.encode(3)
    }
    #expect(try encoded(outer) == #"[{"a":[]},{"b":1,"c":[2]},3]"#)
    try use()
    #expect(try encoded([1]) == "[1]")
    try use()
    #expect(kept.encoder?.codingPath.isEmpty == true)
  }

  @Test("a value may encode another one meanwhile")
  func withinAnother() throws {
    let value = Custom { encoder in
      var array = encoder.unkeyedContainer()
      try array.encode(encoded(["a": [1, 2]]))
      try array.encode(encoded(Custom { try encoded([3]).encode(to: $0) }))
    }
    #expect(try encoded(value) == #"["{\"a\":[1,2]}","\"[3]\""]"#)
  }

  @Test("large values and small ones in turn, on several threads")
  func sizes() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<4 {
        group.addTask {
          for size in [10, 100_000, 1, 70_000, 3] {
            let value = (0..<size).map { $0 + task }
            let json = try encoded(value)
            #expect(try decoded(json, as: [Int].self) == value)
          }
        }
      }
      try await group.waitForAll()
    }
  }
}

import Foundation
import NIOCore
import PodShare
import Testing

/// What `StrictJSONCodec` refuses is told apart from what it reads by `JSONCodec`, which reads both.
@Suite("StrictJSONCodec")
struct StrictJSONCodecTests {
  // MARK: What the tests ask

  /// The path of the unknown member that the strict codec complains of; nil if it decodes. `JSONCodec` reads all of it.
  func unknown<Value: Codable & Sendable>(in json: String, as _: Value.Type) -> String? {
    #expect(throws: Never.self, "\(json)") { try JSONCodec<Value>().decode(ByteBuffer(string: json)) }
    do {
      _ = try StrictJSONCodec<Value>().decode(ByteBuffer(string: json))
      return nil
    } catch let error as UnknownMemberError {
      return error.path
    } catch {
      Issue.record("\(json) as \(Value.self): \(error)")
      return nil
    }
  }

  /// What a codec makes of bytes: a value's JSON, or an error's text.
  func outcome<C: Codec>(of codec: C, on json: ByteBuffer) -> String where C.Value: Encodable {
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return String(decoding: try encoder.encode(codec.decode(json)), as: UTF8.self)
    } catch {
      return "\(error)"
    }
  }

  /// What `JSONCodec` throws, the strict codec throws, too; what `JSONCodec` reads, it reads as the same or refuses.
  func expectSameErrors<Value: Codable & Sendable>(of json: ByteBuffer, as _: Value.Type) {
    let strict = outcome(of: StrictJSONCodec<Value>(), on: json)
    let permissive = outcome(of: JSONCodec<Value>(), on: json)
    let isUnknown = strict.hasPrefix("unknown ") && permissive.hasPrefix("{")
    #expect(
      strict == permissive || isUnknown, "\(String(buffer: json).debugDescription) as \(Value.self)")
  }

  func expectSameOutcome<Value: Codable & Sendable>(of json: ByteBuffer, as _: Value.Type) {
    let strict = outcome(of: StrictJSONCodec<Value>(), on: json)
    let permissive = outcome(of: JSONCodec<Value>(), on: json)
    #expect(strict == permissive, "\(String(buffer: json).debugDescription) as \(Value.self)")
  }

  // MARK: Unknown members

  struct Limit: Codable, Sendable, Equatable, Hashable {
    var rate: Int
    var unit: String?
  }

  struct Settings: Codable, Sendable, Equatable {
    var name: String?
    var limit: Limit?
    var burst: [Limit] = []
    var grid: [[Limit?]] = []
    var byName: [String: Limit] = [:]
    var byNumber: [Int: [Limit]] = [:]

    init() {}

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      name = try container.decodeIfPresent(String.self, forKey: .name)
      limit = try container.decodeIfPresent(Limit.self, forKey: .limit)
      burst = try container.decodeIfPresent([Limit].self, forKey: .burst) ?? []
      grid = try container.decodeIfPresent([[Limit?]].self, forKey: .grid) ?? []
      byName = try container.decodeIfPresent([String: Limit].self, forKey: .byName) ?? [:]
      byNumber = try container.decodeIfPresent([Int: [Limit]].self, forKey: .byNumber) ?? [:]
    }
  }

  @Test("what the type knows decodes")
  func known() {
    let json = #"""
      {"name":"a","limit":{"rate":1,"unit":"s"},"burst":[{"rate":2}],"grid":[[null,{"rate":3}],[]],
      "byName":{"x":{"rate":4}},"byNumber":{"7":[{"rate":5}]}}
      """#
    #expect(unknown(in: json, as: Settings.self) == nil)
    #expect(unknown(in: "{}", as: Settings.self) == nil)
    expectSameOutcome(of: ByteBuffer(string: json), as: Settings.self)
  }

  @Test("an unknown member of the value is an error that names it")
  func top() {
    #expect(unknown(in: #"{"colour":1}"#, as: Settings.self) == "colour")
    #expect(unknown(in: #"{"name":"a","colour":null}"#, as: Settings.self) == "colour")
    #expect(unknown(in: #"{"Name":"a"}"#, as: Settings.self) == "Name")
    #expect(unknown(in: #"{"":1}"#, as: Settings.self) == #"[""]"#)
  }

  @Test("an unknown member of an object in it is an error that names its path")
  func object() {
    #expect(unknown(in: #"{"limit":{"rate":1,"colour":{}}}"#, as: Settings.self) == "limit.colour")
  }

  @Test("an unknown member of an element of an array is an error that names its path")
  func element() {
    let json = #"{"burst":[{"rate":1},{"rate":2},{"rate":3,"colour":1}]}"#
    #expect(unknown(in: json, as: Settings.self) == "burst[2].colour")
    #expect(
      unknown(in: #"{"grid":[[],[null,{"rate":1,"colour":1}]]}"#, as: Settings.self) == "grid[1][1].colour")
    #expect(unknown(in: #"[{"rate":1,"colour":1}]"#, as: [Limit].self) == "[0].colour")
    #expect(unknown(in: #"[{"rate":1,"colour":1}]"#, as: Set<Limit>.self) == "[0].colour")
  }

  @Test("a dictionary knows all its keys, and its values are looked at")
  func dictionaries() {
    #expect(
      unknown(in: #"{"byName":{"x":{"rate":1},"y":{"rate":1,"colour":1}}}"#, as: Settings.self)
        == "byName.y.colour")
    #expect(
      unknown(in: #"{"byNumber":{"7":[{"rate":1,"colour":1}]}}"#, as: Settings.self) == "byNumber.7[0].colour"
    )
    #expect(
      unknown(in: #"{"a.b":{"rate":1,"colour":1}}"#, as: [String: Limit].self) == #"["a.b"].colour"#)
    #expect(unknown(in: #"{"x":{"rate":1}}"#, as: [String: Limit].self) == nil)
    #expect(unknown(in: #"{"x":{"y":{"z":1}}}"#, as: [String: [String: [String: Int]]].self) == nil)
  }

  enum Colour: String, Codable, Sendable {
    case red, green
  }

  enum Shade: String, Codable, Sendable, CodingKeyRepresentable {
    case light, dark
  }

  @Test("dictionaries with other keys than strings and integers, too")
  func dictionariesWithOtherKeys() {
    #expect(unknown(in: #"{"dark":{"rate":1}}"#, as: [Shade: Limit].self) == nil)
    #expect(unknown(in: #"{"dark":{"rate":1,"colour":1}}"#, as: [Shade: Limit].self) == "dark.colour")
    #expect(unknown(in: #"["red",{"rate":1}]"#, as: [Colour: Limit].self) == nil)
    #expect(unknown(in: #"["red",{"rate":1,"colour":1}]"#, as: [Colour: Limit].self) == "[1].colour")
    #expect(unknown(in: #"[{"rate":1,"colour":1},2]"#, as: [Limit: Int].self) == "[0].colour")
  }

  struct Pair<First: Codable & Sendable, Second: Codable & Sendable>: Codable, Sendable {
    var first: First
    var second: Second
  }

  @Test("generic types within generic types")
  func generics() {
    let json = #"{"first":[{"first":1,"second":{"rate":1}}],"second":{"x":{"rate":2COLOUR}}}"#
    typealias Nested = Pair<[Pair<Int, Limit>], [String: Limit?]>
    #expect(unknown(in: json.replacingOccurrences(of: "COLOUR", with: ""), as: Nested.self) == nil)
    #expect(
      unknown(in: json.replacingOccurrences(of: "COLOUR", with: #","colour":1"#), as: Nested.self)
        == "second.x.colour")
  }

  enum Mode: Codable, Sendable, Equatable {
    case off
    case fixed(Int)
    case limited(Limit, burst: Limit?)
  }

  @Test("enums with associated values: beside the case, in the case, and in its values")
  func enums() {
    #expect(unknown(in: #"{"off":{}}"#, as: Mode.self) == nil)
    #expect(unknown(in: #"{"fixed":{"_0":1}}"#, as: Mode.self) == nil)
    #expect(unknown(in: #"{"limited":{"_0":{"rate":1},"burst":{"rate":2}}}"#, as: Mode.self) == nil)
    #expect(unknown(in: #"{"off":{},"colour":{}}"#, as: Mode.self) == "colour")
    #expect(unknown(in: #"{"off":{"colour":1}}"#, as: Mode.self) == "off.colour")
    #expect(unknown(in: #"{"fixed":{"_0":1,"_1":2}}"#, as: Mode.self) == "fixed._1")
    #expect(
      unknown(in: #"{"limited":{"_0":{"rate":1},"burst":{"rate":2,"colour":1}}}"#, as: Mode.self)
        == "limited.burst.colour")
  }

  // MARK: The error

  @Test("the error says which member it is and where")
  func description() throws {
    func description<Value: Codable & Sendable>(of json: String, as _: Value.Type) -> String {
      outcome(of: StrictJSONCodec<Value>(), on: ByteBuffer(string: json))
    }
    let json = #"{"limits":{"burst":[{"rate":1},{"rate":2},{"rate":3,"colour":1}]}}"#
    #expect(
      description(of: json, as: [String: Settings].self) == "unknown member `colour` at `limits.burst[2]`")
    #expect(description(of: #"{"colour":1}"#, as: Settings.self) == "unknown member `colour`")
    #expect(description(of: "[[1,2,3]]", as: [Point].self) == "unknown element `[2]` at `[0]`")
    #expect(
      description(of: #"{"a b":{"rate":1,"\n\"":2}}"#, as: [String: Limit].self)
        == #"unknown member `["\n\""]` at `["a b"]`"#)
    let long = String(repeating: "x", count: 1_000_000)
    let text = description(of: #"{"\#(long)":1}"#, as: Settings.self)
    #expect(text.utf8.count < 200)
    #expect(text.hasSuffix("… (1000000 bytes)]`"))
  }

  @Test("of several unknown members the outermost is named, and of those the first by name")
  func first() {
    let json = #"{"limit":{"rate":1,"a":1},"y":1,"x":1,"z":1}"#
    for _ in 0..<10 { #expect(unknown(in: json, as: Settings.self) == "x") }
    #expect(unknown(in: #"{"burst":[{"rate":1,"b":1},{"rate":1,"a":1}]}"#, as: Settings.self) == "burst[0].b")
  }
}

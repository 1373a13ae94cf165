import Foundation
import NIOCore
import PodShare
import Testing

/// What `StrictJSONCodec` refuses is told apart from what it reads by `JSONCodec`, which reads both.
@Suite("StrictJSONCodec")
struct StrictJSONCodecTests {
  // MARK: What the tests ask

  /// The path of the unknown member that the strict codec complains of; nil if it decodes. `JSONCodec` reads all of it.
  private func unknown<Value: Codable & Sendable>(in json: String, as _: Value.Type) -> String? {
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
  private func outcome<C: Codec>(of codec: C, on json: ByteBuffer) -> String where C.Value: Encodable {
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return String(decoding: try encoder.encode(codec.decode(json)), as: UTF8.self)
    } catch {
      return "\(error)"
    }
  }

  /// What `JSONCodec` throws, the strict codec throws, too; what `JSONCodec` reads, it reads as the same or refuses.
  private func expectSameErrors<Value: Codable & Sendable>(of json: ByteBuffer, as _: Value.Type) {
    let strict = outcome(of: StrictJSONCodec<Value>(), on: json)
    let permissive = outcome(of: JSONCodec<Value>(), on: json)
    let isUnknown = strict.hasPrefix("unknown ") && permissive.hasPrefix("{")
    #expect(
      strict == permissive || isUnknown, "\(String(buffer: json).debugDescription) as \(Value.self)")
  }

  private func expectSameOutcome<Value: Codable & Sendable>(of json: ByteBuffer, as _: Value.Type) {
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

  // MARK: Several types that read one object

  class Shape: Codable, @unchecked Sendable {  // Not changed once it is made.
    var name = ""
  }

  final class Circle: Shape, @unchecked Sendable {
    var radius = 0

    enum CodingKeys: String, CodingKey {
      case radius
    }

    required init(from decoder: any Decoder) throws {
      radius = try decoder.container(keyedBy: CodingKeys.self).decode(Int.self, forKey: .radius)
      try super.init(from: decoder)
    }
  }

  final class Square: Shape, @unchecked Sendable {
    var side = Limit(rate: 0)

    enum CodingKeys: String, CodingKey {
      case side, base
    }

    required init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      side = try container.decode(Limit.self, forKey: .side)
      if container.contains(.base) {
        try super.init(from: container.superDecoder(forKey: .base))
      } else {
        try super.init(from: container.superDecoder())
      }
    }
  }

  class Bare: Codable, @unchecked Sendable {}

  final class Named: Bare, @unchecked Sendable {
    let name: String

    enum CodingKeys: String, CodingKey {
      case name
    }

    required init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      name = try container.decode(String.self, forKey: .name)
      try super.init(from: container.superDecoder())
    }
  }

  @Test("a class and its superclass that read one object know what either knows")
  func hierarchy() {
    #expect(unknown(in: #"{"name":"a","radius":1}"#, as: Circle.self) == nil)
    #expect(unknown(in: #"{"name":"a","radius":1,"colour":1}"#, as: Circle.self) == "colour")
  }

  @Test("a superclass with an object of its own")
  func superclass() {
    #expect(unknown(in: #"{"side":{"rate":1},"super":{"name":"a"}}"#, as: Square.self) == nil)
    #expect(unknown(in: #"{"side":{"rate":1},"base":{"name":"a"}}"#, as: Square.self) == nil)
    #expect(unknown(in: #"{"side":{"rate":1},"super":{"name":"a","x":1}}"#, as: Square.self) == "super.x")
    #expect(unknown(in: #"{"side":{"rate":1},"base":{"name":"a","x":1}}"#, as: Square.self) == "base.x")
    #expect(unknown(in: #"{"side":{"rate":1,"x":1},"super":{"name":"a"}}"#, as: Square.self) == "side.x")
    #expect(unknown(in: #"{"side":{"rate":1},"name":1,"super":{"name":"a"}}"#, as: Square.self) == "name")
    #expect(unknown(in: #"{"name":"a","super":{}}"#, as: Named.self) == nil)
    #expect(unknown(in: #"{"name":"a","super":{"x":1}}"#, as: Named.self) == "super.x")
  }

  /// A limit and whatever else there is.
  struct Open: Codable, Sendable {
    var limit: Limit
    var all: [String: JSON]

    init(from decoder: any Decoder) throws {
      limit = try Limit(from: decoder)
      all = try decoder.singleValueContainer().decode([String: JSON].self)
    }
  }

  /// Any JSON: tries one type after the other.
  enum JSON: Codable, Sendable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case array([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .null
      } else if let bool = try? container.decode(Bool.self) {
        self = .bool(bool)
      } else if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else if let text = try? container.decode(String.self) {
        self = .text(text)
      } else if let array = try? container.decode([JSON].self) {
        self = .array(array)
      } else {
        self = .object(try container.decode([String: JSON].self))
      }
    }
  }

  @Test("a type that reads an object as a dictionary besides knows all of it")
  func open() {
    #expect(unknown(in: #"{"rate":1,"x":{"y":[1,{"z":null}]}}"#, as: Open.self) == nil)
    #expect(unknown(in: #"{"a":[true,"x",[{}],{"b":{"c":[]}}]}"#, as: JSON.self) == nil)
    expectSameOutcome(of: ByteBuffer(string: #"{"a":[true,"x",[{}],{"b":1.5}]}"#), as: JSON.self)
  }

  /// Either a circle or a box, whichever it is.
  enum Either: Codable, Sendable, Equatable {
    struct Circle: Codable, Sendable, Equatable {
      var centre: Limit
      var radius: Int
    }

    struct Box: Codable, Sendable, Equatable {
      struct Centre: Codable, Sendable, Equatable {
        var rate: Int
        var depth: Int?
      }

      var centre: Centre
      var width: Int?
    }

    case circle(Circle)
    case box(Box)

    init(from decoder: any Decoder) throws {
      if let circle = try? Circle(from: decoder) {
        self = .circle(circle)
      } else {
        self = .box(try Box(from: decoder))
      }
    }
  }

  @Test("a type that tries one shape, then another: what either reads is known, and the shape is JSONCodec's")
  func attempts() throws {
    #expect(unknown(in: #"{"centre":{"rate":1},"radius":1}"#, as: Either.self) == nil)
    #expect(unknown(in: #"{"centre":{"rate":1,"depth":2},"width":1}"#, as: Either.self) == nil)
    #expect(unknown(in: #"{"centre":{"rate":1,"x":2},"width":1}"#, as: Either.self) == "centre.x")
    #expect(unknown(in: #"{"centre":{"rate":1},"radius":1,"width":1}"#, as: Either.self) == "width")
    expectSameOutcome(of: ByteBuffer(string: #"{"centre":{"rate":1},"radius":1}"#), as: Either.self)
  }

  /// Keeps the elements that decode.
  struct Lossy: Codable, Sendable {
    var limits: [Limit] = []

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      while !container.isAtEnd {
        if let limit = try? container.decode(Limit.self) {
          limits.append(limit)
        } else {
          _ = try container.decode(Empty.self)
        }
      }
    }
  }

  @Test("a type that drops what does not decode still says what it left out")
  func lossy() throws {
    #expect(unknown(in: #"[{"rate":1},7,{"rate":2}]"#, as: Lossy.self) == nil)
    #expect(unknown(in: #"[{"rate":1},{"rate":"x"}]"#, as: Lossy.self) == nil)
    #expect(unknown(in: #"[{"rate":1},{"rate":"x","colour":1}]"#, as: Lossy.self) == "[1].colour")
    #expect(unknown(in: #"[{"rate":1,"colour":1},{"rate":2}]"#, as: Lossy.self) == "[0].colour")
  }

  // MARK: Containers opened by hand

  struct ByHand: Codable, Sendable {
    enum Outer: String, CodingKey {
      case inner, list
    }

    enum Inner: String, CodingKey {
      case x, y
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Outer.self)
      let inner = try container.nestedContainer(keyedBy: Inner.self, forKey: .inner)
      _ = try inner.decode(Int.self, forKey: .x)
      var list = try container.nestedUnkeyedContainer(forKey: .list)
      _ = try list.nestedContainer(keyedBy: Inner.self).decode(Limit.self, forKey: .y)
      var innermost = try list.nestedUnkeyedContainer()
      _ = try innermost.decode(Int.self)
      _ = try innermost.decodeIfPresent(Limit.self)
      if !list.isAtEnd { _ = try Limit(from: list.superDecoder()) }
    }

    func encode(to encoder: any Encoder) throws {}
  }

  @Test("containers that a type opens by hand")
  func byHand() {
    let json = #"{"inner":{"x":1@},"list":[{"y":{"rate":1#}$},[1,{"rate":2%}^],{"rate":3&}]~}"#
    func unknown(_ place: Character?, _ insertion: String = #","z":1"#) -> String? {
      let filled = json.map { "@#$%^&~".contains($0) ? ($0 == place ? insertion : "") : String($0) }.joined()
      return self.unknown(in: filled, as: ByHand.self)
    }
    #expect(unknown(nil) == nil)
    #expect(unknown("@") == "inner.z")
    #expect(unknown("#") == "list[0].y.z")
    #expect(unknown("$") == "list[0].z")
    #expect(unknown("%") == "list[1][1].z")
    #expect(unknown("^", ",null") == "list[1][2]")
    #expect(unknown("&") == "list[2].z")
    #expect(unknown("~") == "z")
    #expect(unknown("@", #","y":{"anything":1}"#) == nil, "it is declared, and nobody reads it")
  }

  struct Point: Codable, Sendable, Equatable {
    var x: Int
    var y: Int

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      x = try container.decode(Int.self)
      y = try container.decode(Int.self)
    }
  }

  @Test("an element that the type does not read is unknown, too")
  func elements() {
    #expect(unknown(in: "[1,2]", as: Point.self) == nil)
    #expect(unknown(in: "[1,2,3]", as: Point.self) == "[2]")
    #expect(unknown(in: #"{"x":[1,2,{"y":3}]}"#, as: [String: Point].self) == "x[2]")
    #expect(unknown(in: "[1,2]", as: Range<Int>.self) == nil)
    #expect(unknown(in: "[1,2,3]", as: Range<Int>.self) == "[2]")
  }

  // MARK: What counts as known

  /// Declares more than it reads, and reads more than it declares.
  struct Reader: Codable, Sendable {
    enum CodingKeys: String, CodingKey {
      case read, asked, retired, null
    }

    enum MoreKeys: String, CodingKey {
      case more
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      _ = try container.decodeIfPresent(Int.self, forKey: .read)
      _ = container.contains(.asked)
      _ = try? container.decodeNil(forKey: .null)
      let more = try decoder.container(keyedBy: MoreKeys.self)
      _ = try more.decodeIfPresent(Int.self, forKey: .more)
    }

    func encode(to encoder: any Encoder) throws {}
  }

  @Test("a member is known if it is declared or asked for, by any of the keys that the type uses")
  func declared() {
    #expect(
      unknown(in: #"{"read":1,"asked":{"x":1},"retired":[1],"null":{},"more":2}"#, as: Reader.self) == nil)
    #expect(unknown(in: #"{"read":1,"colour":1}"#, as: Reader.self) == "colour")
  }

  /// A key that any string makes.
  struct AnyKey: CodingKey, Sendable {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
      self.stringValue = stringValue
    }

    init?(intValue: Int) {
      return nil
    }
  }

  struct ByName: Codable, Sendable {
    enum CodingKeys: CodingKey {
      case x
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: AnyKey.self)
      _ = try container.decode(Limit.self, forKey: AnyKey(stringValue: "limit"))
      _ = try container.decodeIfPresent(Int.self, forKey: AnyKey(stringValue: "count"))
      _ = container.contains(AnyKey(stringValue: "there"))
      _ = try? container.decodeNil(forKey: AnyKey(stringValue: "null"))
      _ = try? container.nestedContainer(keyedBy: CodingKeys.self, forKey: AnyKey(stringValue: "object"))
      _ = try? container.nestedUnkeyedContainer(forKey: AnyKey(stringValue: "array"))
      _ = try container.superDecoder(forKey: AnyKey(stringValue: "parent"))
      _ = try container.superDecoder()
    }

    func encode(to encoder: any Encoder) throws {}
  }

  struct AllNames: Codable, Sendable {
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: AnyKey.self)
      for key in container.allKeys where key.stringValue != "note" {
        _ = try container.decode(Limit.self, forKey: key)
      }
    }

    func encode(to encoder: any Encoder) throws {}
  }

  @Test("keys that can be anything: known is what the type asks for, all of it if it asks for all keys")
  func dynamicKeys() {
    let asked =
      #"{"limit":{"rate":1},"count":1,"there":[1],"null":{"x":1},"object":{"x":1},"array":[],"parent":1,"super":{}@}"#
    #expect(unknown(in: asked.replacingOccurrences(of: "@", with: ""), as: ByName.self) == nil)
    #expect(unknown(in: asked.replacingOccurrences(of: "@", with: #","x":1"#), as: ByName.self) == "x")
    #expect(unknown(in: #"{"limit":{"rate":1},"object":{"y":1}}"#, as: ByName.self) == "object.y")
    #expect(unknown(in: #"{"limit":{"rate":1},"array":[1]}"#, as: ByName.self) == "array[0]")
    #expect(unknown(in: #"{"limit":{"rate":1},"parent":{"y":1}}"#, as: ByName.self) == "parent.y")
    #expect(unknown(in: #"{"limit":{"rate":1},"colour":1}"#, as: ByName.self) == "colour")
    #expect(unknown(in: #"{"x":{"rate":1},"y":{"rate":1},"note":{"z":1}}"#, as: AllNames.self) == nil)
    #expect(unknown(in: #"{"x":{"rate":1},"y":{"rate":1,"z":1}}"#, as: AllNames.self) == "y.z")
  }

  // MARK: Types that read nothing, or in passing

  struct Empty: Codable, Sendable, Equatable {}

  @Test("a type that reads nothing takes only what is empty")
  func empty() {
    #expect(unknown(in: "{}", as: Empty.self) == nil)
    #expect(unknown(in: #"{"colour":1}"#, as: Empty.self) == "colour")
    #expect(unknown(in: "[]", as: Empty.self) == nil)
    #expect(unknown(in: #"[{"colour":1}]"#, as: Empty.self) == "[0]")
    #expect(unknown(in: "7", as: Empty.self) == nil)
    #expect(
      unknown(in: #"{"first":{},"second":[{},{"colour":1}]}"#, as: Pair<Empty, [Empty]>.self)
        == "second[1].colour")
  }

  struct Wrapper<Wrapped: Codable & Sendable>: Codable, Sendable {
    var wrapped: Wrapped

    init(from decoder: any Decoder) throws {
      wrapped = try decoder.singleValueContainer().decode(Wrapped.self)
    }
  }

  @Test("a type that is one value in JSON knows what that value knows")
  func singleValue() {
    #expect(unknown(in: #"{"rate":1}"#, as: Wrapper<Wrapper<Limit>>.self) == nil)
    #expect(unknown(in: #"{"rate":1,"colour":1}"#, as: Wrapper<Wrapper<Limit>>.self) == "colour")
    #expect(unknown(in: #"[1,{"rate":1,"colour":1}]"#, as: Wrapper<[JSON]>.self) == nil)
    #expect(unknown(in: #"{"rate":1,"colour":1}"#, as: Limit?.self) == "colour")
    #expect(unknown(in: #"{"rate":1,"colour":1}"#, as: Limit??.self) == "colour")
    #expect(unknown(in: "null", as: Limit?.self) == nil)
    #expect(unknown(in: "7", as: Wrapper<Int>.self) == nil)
  }

  /// Goes on without what it cannot read.
  struct Tolerant: Codable, Sendable {
    enum CodingKeys: String, CodingKey {
      case count, colour, limit
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      _ = try? container.decode(Int.self, forKey: .count)
      _ = try? container.decode(Colour.self, forKey: .colour)
      _ = try? container.decode(Limit.self, forKey: .limit)
    }

    func encode(to encoder: any Encoder) throws {}
  }

  @Test("a member that fails to decode is no error if the type goes on without it, but what is in it is")
  func tolerant() {
    #expect(unknown(in: #"{"count":"x","colour":"blue","limit":7}"#, as: Tolerant.self) == nil)
    #expect(unknown(in: #"{"count":{},"colour":[],"limit":{"rate":"x"}}"#, as: Tolerant.self) == nil)
    #expect(unknown(in: #"{"count":{"x":1}}"#, as: Tolerant.self) == "count.x")
    #expect(unknown(in: #"{"colour":[1]}"#, as: Tolerant.self) == "colour[0]")
    #expect(unknown(in: #"{"limit":{"rate":"x","y":1}}"#, as: Tolerant.self) == "limit.y")
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

  // MARK: The same as JSONCodec

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
    "{\"rate\":{}}", "{\"rate\":[]}", "[]", "[{}]", "null", "7", "\"x\"", "{\"rate\":1,\"unit\":2}",
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

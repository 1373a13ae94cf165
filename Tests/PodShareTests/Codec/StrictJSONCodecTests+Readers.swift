import Foundation
import NIOCore
import PodShare
import Testing

/// Types that read their JSON in ways of their own.
extension StrictJSONCodecTests {
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

  /// Reads one member with two types, and one array with two containers.
  struct Halves: Codable, Sendable {
    struct Rate: Codable, Sendable {
      var rate: Int
    }

    struct Unit: Codable, Sendable {
      var unit: String
    }

    enum CodingKeys: String, CodingKey {
      case limit, list
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      _ = try container.decode(Rate.self, forKey: .limit)
      _ = try container.decode(Unit.self, forKey: .limit)
      _ = try container.decode([Rate].self, forKey: .list)
      var list = try container.nestedUnkeyedContainer(forKey: .list)
      _ = try list.decode(Unit.self)
    }

    func encode(to encoder: any Encoder) throws {}
  }

  @Test("what is read twice is known by what either reading knows")
  func halves() {
    let json = #"{"limit":{"rate":1,"unit":"s"@},"list":[{"rate":1,"unit":"s"},{"rate":2#}]}"#
    func unknown(_ first: String, _ second: String) -> String? {
      let filled = json.replacingOccurrences(of: "@", with: first).replacingOccurrences(of: "#", with: second)
      return self.unknown(in: filled, as: Halves.self)
    }
    #expect(unknown("", "") == nil)
    #expect(unknown(#","x":1"#, "") == "limit.x")
    #expect(unknown("", #","unit":"s""#) == "list[1].unit")
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

  struct Twins: Codable, Sendable, Equatable {
    var first: Limit
    var second: Limit

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      first = try container.decode(Limit.self)
      second = try container.decode(Limit.self)
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
      _ = try? container.decode(Int.self, forKey: AnyKey(stringValue: "number"))
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
      #"{"limit":{"rate":1},"count":1,"number":1,"there":[1],"null":{"x":1},"object":{"x":1},"array":[],"parent":1,"super":{}@}"#
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
}

import Foundation
import PodShareJSON
import Testing

/// Types and values made up from a seed.
@Suite("Random types and values")
struct RandomShapeTests {
  static let seeds = 0..<300 as Range<UInt64>

  @Test("are written and read as by Foundation", arguments: seeds)
  func roundTrip(seed: UInt64) throws {
    var random = Seeded(seed)
    for round in 0..<10 {
      let shape = Shape.random(depth: 4, using: &random)
      let value = shape.randomValue(using: &random)
      Shape.$current.withValue(shape) {
        expectAgreement(on: value, "seed \(seed), round \(round), \(shape)")
      }
    }
  }

  @Test("of text with a byte changed, both make the same or refuse it for the same reason", arguments: seeds)
  func mutated(seed: UInt64) throws {
    var random = Seeded(seed)
    let interesting = Array("{}[]\",:\\0123456789eE+-.tfnu \u{e9}\u{1}".utf8) + [0xff, 0xc0]
    for round in 0..<5 {
      let shape = Shape.random(depth: 3, using: &random)
      guard !shape.hasNumbers else { continue }
      let json = Array(try encoded(shape.randomValue(using: &random)).utf8)
      for _ in 0..<20 {
        var changed = json
        for _ in 0...random.number(2) where !changed.isEmpty {
          let place = random.number(changed.count)
          switch random.number(4) {
          case 0: changed.remove(at: place)
          case 1: changed.insert(interesting[random.number(interesting.count)], at: place)
          case 2: changed[place] = interesting[random.number(interesting.count)]
          default: changed.removeSubrange(place..<min(changed.count, place + random.number(8)))
          }
        }
        Shape.$current.withValue(shape) {
          expectSameReading(
            of: changed, as: Shaped.self, forAnyReason: shape.hasDictionary,
            "seed \(seed), round \(round), \(shape)")
        }
      }
    }
  }

  @Test("of text for another type, both make the same or refuse it for the same reason", arguments: seeds)
  func otherType(seed: UInt64) throws {
    var random = Seeded(seed)
    for round in 0..<20 {
      let json = try encoded(Shape.random(depth: 3, using: &random).randomValue(using: &random))
      let shape = Shape.random(depth: 3, using: &random)
      guard !shape.hasNumbers else { continue }
      Shape.$current.withValue(shape) {
        expectSameReading(
          of: json.utf8, as: Shaped.self, forAnyReason: shape.hasDictionary,
          "seed \(seed), round \(round), \(shape)")
      }
    }
  }
}

// MARK: Shapes

/// What a type does with its encoder and decoder.
indirect enum Shape: Sendable {
  case int, int8, uint64, int128, double, float, bool, string, date, data, url, decimal, uuid
  case optional(Shape)
  /// An array, read with an unkeyed container.
  case list(Shape)
  /// Elements of several types, the last of them from a container within the container.
  case tuple([Shape])
  /// A dictionary.
  case names(Shape)
  case numbers(Shape)
  /// An object with the members of a type.
  case object([(name: String, shape: Shape, way: Way)])
  /// A value alone.
  case wrapped(Shape)

  /// How a member gets into its object.
  enum Way: Sendable, CaseIterable {
    case value, ifPresent, nested, superclass
  }

  /// The shape of the value that is being decoded.
  @TaskLocal static var current = Shape.int

  func contains(_ isWanted: (Shape) -> Bool) -> Bool {
    if isWanted(self) { return true }
    switch self {
    case .optional(let shape), .list(let shape), .wrapped(let shape), .names(let shape), .numbers(let shape):
      return shape.contains(isWanted)
    case .tuple(let shapes): return shapes.contains { $0.contains(isWanted) }
    case .object(let members): return members.contains { $0.shape.contains(isWanted) }
    default: return false
    }
  }

  var hasDictionary: Bool {
    contains { if case .names = $0 { true } else if case .numbers = $0 { true } else { false } }
  }

  /// Whether two keys, such as `1` and `01`, may be one, of which Foundation takes either.
  var hasNumbers: Bool {
    contains { if case .numbers = $0 { true } else { false } }
  }

  static func random(depth: Int, using random: inout Seeded) -> Shape {
    let simple: [Shape] = [
      .int, .int8, .uint64, .int128, .double, .float, .bool, .string, .date, .data, .url, .decimal, .uuid,
    ]
    guard depth > 0, random.number(5) > 0 else { return simple[random.number(simple.count)] }
    let inner = { (random: inout Seeded) in Shape.random(depth: depth - 1, using: &random) }
    switch random.number(8) {
    case 0: return .optional(inner(&random))
    case 1: return .list(inner(&random))
    case 2: return .tuple((0..<random.number(4)).map { _ in inner(&random) })
    case 3: return .names(inner(&random))
    case 4: return .numbers(inner(&random))
    case 5: return .wrapped(inner(&random))
    default:
      let names = [
        "a", "b", "name", "a longer name of a member", "é", "e\u{301}", "a\"b", "", "\u{212a}", "K",
      ]
      var members: [(name: String, shape: Shape, way: Way)] = []
      for name in names.shuffled(using: &random).prefix(random.number(8))
      where !members.contains(where: { $0.name == name }) {
        members.append((name, inner(&random), Way.allCases[random.number(Way.allCases.count)]))
      }
      // Enough of them for an index, now and then.
      if random.number(6) == 0 {
        for number in 0..<random.number(40) { members.append(("member \(number)", .int, .value)) }
      }
      return .object(members)
    }
  }

  func randomValue(using random: inout Seeded) -> Shaped {
    Shaped(shape: self, content: randomContent(using: &random))
  }

  private func randomContent(using random: inout Seeded) -> Shaped.Content {
    switch self {
    case .int: return .int(Int(truncatingIfNeeded: random.next()) >> random.number(64))
    case .int8: return .int8(Int8(truncatingIfNeeded: random.next()))
    case .uint64: return .uint64(random.next() >> UInt64(random.number(64)))
    case .int128:
      return .int128(Int128.random(in: .min ... .max, using: &random) >> Int128(random.number(128)))
    case .double:
      let double = Double(bitPattern: random.next())
      return .double(double.isFinite && random.number(2) == 0 ? double : Double(random.number(10_000)) / 8)
    case .float:
      let float = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
      return .float(float.isFinite ? float : 0.5)
    case .bool: return .bool(random.number(2) == 0)
    case .string: return .string(random.text())
    case .date: return .date(Date(timeIntervalSinceReferenceDate: Double(random.number(1 << 40)) / 16))
    case .data: return .data(Data((0..<random.number(20)).map { _ in UInt8(random.number(256)) }))
    case .url: return .url(URL(string: "https://example.com/\(random.number(1_000))?q=a%20b")!)  // No input.
    case .decimal: return .decimal(Decimal(random.number(1 << 50)) / Decimal(1 << random.number(8)))
    case .uuid:
      return .uuid(UUID(uuidString: "00000000-0000-4000-8000-\(100_000_000_000 + random.number(999))")!)
    case .optional(let shape):
      let content = shape.randomContent(using: &random)
      // There is only one `null`.
      return content == .none || random.number(3) == 0 ? .none : .some(content)
    case .list(let shape):
      return .list((0..<random.number(4)).map { _ in shape.randomContent(using: &random) })
    case .tuple(let shapes): return .list(shapes.map { $0.randomContent(using: &random) })
    case .names(let shape):
      var members: [String: Shaped.Content] = [:]
      for _ in 0..<random.number(random.number(8) == 0 ? 40 : 5) {
        members[random.text()] = shape.randomContent(using: &random)
      }
      return .names(members)
    case .numbers(let shape):
      var members: [Int: Shaped.Content] = [:]
      for _ in 0..<random.number(5) { members[random.number(40) - 20] = shape.randomContent(using: &random) }
      return .numbers(members)
    case .object(let members):
      return .list(
        members.map {
          $0.way == .ifPresent && random.number(2) == 0 ? .none : $0.shape.randomContent(using: &random)
        })
    case .wrapped(let shape): return shape.randomContent(using: &random)
    }
  }
}

/// A value of some shape.
struct Shaped: Codable, Equatable {
  indirect enum Content: Equatable {
    case int(Int)
    case int8(Int8)
    case uint64(UInt64)
    case int128(Int128)
    case double(Double)
    case float(Float)
    case bool(Bool)
    case string(String)
    case date(Date)
    case data(Data)
    case url(URL)
    case decimal(Decimal)
    case uuid(UUID)
    case none
    case some(Content)
    case list([Content])
    case names([String: Content])
    case numbers([Int: Content])
  }

  struct Key: CodingKey {
    var stringValue: String
    var intValue: Int?

    init(stringValue: String) {
      self.stringValue = stringValue
      intValue = Int(stringValue)
    }

    init(intValue: Int) {
      stringValue = "\(intValue)"
      self.intValue = intValue
    }
  }

  var shape: Shape
  var content: Content

  init(shape: Shape, content: Content) {
    self.shape = shape
    self.content = content
  }

  static func == (a: Shaped, b: Shaped) -> Bool { a.content == b.content }

  // MARK: Encoding

  func encode(to encoder: any Encoder) throws {
    var single: any SingleValueEncodingContainer { encoder.singleValueContainer() }
    func encode<Value: Encodable>(_ value: Value) throws {
      var container = single
      try container.encode(value)
    }
    switch (shape, content) {
    case (_, .int(let value)): try encode(value)
    case (_, .int8(let value)): try encode(value)
    case (_, .uint64(let value)): try encode(value)
    case (_, .int128(let value)): try encode(value)
    case (_, .double(let value)): try encode(value)
    case (_, .float(let value)): try encode(value)
    case (_, .bool(let value)): try encode(value)
    case (_, .string(let value)): try encode(value)
    case (_, .date(let value)): try encode(value)
    case (_, .data(let value)): try encode(value)
    case (_, .url(let value)): try encode(value)
    case (_, .decimal(let value)): try encode(value)
    case (_, .uuid(let value)): try encode(value)
    case (.wrapped(let shape), _): try encode(Shaped(shape: shape, content: content))
    case (.optional, .none): try encode(Shaped?.none)
    case (.optional(let shape), .some(let value)):
      try encode(Shaped?.some(Shaped(shape: shape, content: value)))
    case (.list(let shape), .list(let values)):
      var container = encoder.unkeyedContainer()
      for value in values { try container.encode(Shaped(shape: shape, content: value)) }
    case (.tuple(let shapes), .list(let values)):
      var container = encoder.unkeyedContainer()
      for (shape, value) in zip(shapes, values).dropLast() {
        try container.encode(Shaped(shape: shape, content: value))
      }
      if let shape = shapes.last, let value = values.last {
        var inner = container.nestedUnkeyedContainer()
        try inner.encode(Shaped(shape: shape, content: value))
      }
    case (.names(let shape), .names(let members)):
      try encode(members.mapValues { Shaped(shape: shape, content: $0) })
    case (.numbers(let shape), .numbers(let members)):
      try encode(members.mapValues { Shaped(shape: shape, content: $0) })
    case (.object(let members), .list(let values)):
      var container = encoder.container(keyedBy: Key.self)
      for (member, value) in zip(members, values) {
        let key = Key(stringValue: member.name)
        let value = Shaped(shape: member.shape, content: value)
        switch member.way {
        case .value: try container.encode(value, forKey: key)
        case .ifPresent: try container.encodeIfPresent(value.content == .none ? nil : value, forKey: key)
        case .nested:
          var inner = container.nestedContainer(keyedBy: Key.self, forKey: key)
          try inner.encode(value, forKey: Key(stringValue: "in"))
        case .superclass: try value.encode(to: container.superEncoder(forKey: key))
        }
      }
    default: Issue.record("\(content) is no \(shape)")
    }
  }

  // MARK: Decoding

  init(from decoder: any Decoder) throws {
    let shape = Shape.current
    self.shape = shape
    func single<Value: Decodable>(_ type: Value.Type) throws -> Value {
      try decoder.singleValueContainer().decode(type)
    }
    /// A value of the shape within this one.
    func inner<Value>(_ shape: Shape, _ decode: () throws -> Value) rethrows -> Value {
      try Shape.$current.withValue(shape, operation: decode)
    }
    switch shape {
    case .int: content = .int(try single(Int.self))
    case .int8: content = .int8(try single(Int8.self))
    case .uint64: content = .uint64(try single(UInt64.self))
    case .int128: content = .int128(try single(Int128.self))
    case .double: content = .double(try single(Double.self))
    case .float: content = .float(try single(Float.self))
    case .bool: content = .bool(try single(Bool.self))
    case .string: content = .string(try single(String.self))
    case .date: content = .date(try single(Date.self))
    case .data: content = .data(try single(Data.self))
    case .url: content = .url(try single(URL.self))
    case .decimal: content = .decimal(try single(Decimal.self))
    case .uuid: content = .uuid(try single(UUID.self))
    case .wrapped(let shape): content = try inner(shape) { try single(Shaped.self) }.content
    case .optional(let shape):
      content = try inner(shape) { try single(Shaped?.self) }.map { .some($0.content) } ?? .none
    case .list(let shape): content = .list(try inner(shape) { try single([Shaped].self) }.map(\.content))
    case .names(let shape):
      content = .names(try inner(shape) { try single([String: Shaped].self) }.mapValues(\.content))
    case .numbers(let shape):
      content = .numbers(try inner(shape) { try single([Int: Shaped].self) }.mapValues(\.content))
    case .tuple(let shapes):
      var container = try decoder.unkeyedContainer()
      var values: [Content] = []
      for shape in shapes.dropLast() {
        values.append(try inner(shape) { try container.decode(Shaped.self) }.content)
      }
      if let shape = shapes.last {
        var last = try container.nestedUnkeyedContainer()
        values.append(try inner(shape) { try last.decode(Shaped.self) }.content)
      }
      content = .list(values)
    case .object(let members):
      let container = try decoder.container(keyedBy: Key.self)
      content = .list(
        try members.map { member in
          let key = Key(stringValue: member.name)
          return try inner(member.shape) {
            switch member.way {
            case .value: try container.decode(Shaped.self, forKey: key).content
            case .ifPresent: try container.decodeIfPresent(Shaped.self, forKey: key)?.content ?? .none
            case .nested:
              try container.nestedContainer(keyedBy: Key.self, forKey: key)
                .decode(Shaped.self, forKey: Key(stringValue: "in")).content
            case .superclass: try Shaped(from: container.superDecoder(forKey: key)).content
            }
          }
        })
    }
  }
}

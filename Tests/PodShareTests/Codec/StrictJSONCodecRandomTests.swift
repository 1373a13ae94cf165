import Foundation
import NIOCore
import PodShare
import Testing

/// Values of many shapes, and one unknown member at a place drawn at random.
@Suite("StrictJSONCodec, on random values")
struct StrictJSONCodecRandomTests {
  static let seeds = 0..<20 as Range<UInt64>

  @Test("decodes what JSONCodec decodes, and names the one member that nobody knows", arguments: seeds)
  func unknownMember(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for round in 0..<5 {
      let comment: Comment = "seed \(seed), round \(round)"
      let value = Rich.random(depth: 2, using: &generator)
      var json = ByteBuffer()
      try StrictJSONCodec<Rich>().encode(value, into: &json)
      #expect(try StrictJSONCodec<Rich>().decode(json) == value, comment)
      #expect(try JSONCodec<Rich>().decode(json) == value, comment)

      for _ in 0..<4 {
        let tree = try JSONSerialization.jsonObject(with: Data(json.readableBytesView))
        let (changed, path) = Self.inject(into: tree, using: &generator)
        let bytes = ByteBuffer(bytes: try JSONSerialization.data(withJSONObject: changed))
        #expect(throws: Never.self, "\(comment) \(path)") { try JSONCodec<Rich>().decode(bytes) }
        do {
          _ = try StrictJSONCodec<Rich>().decode(bytes)
          Issue.record("\(comment), \(path): nothing thrown")
        } catch {
          #expect((error as? UnknownMemberError)?.path == path, "\(comment): \(error)")
        }
      }
    }
  }

  // MARK: Injection

  /// One step further into JSON, as Swift's `CodingKey` has it.
  private enum Step {
    case name(String)
    case index(Int)
  }

  /// JSON with one more member in one of its objects, and the path of that member.
  private static func inject(
    into tree: Any, using generator: inout SeededGenerator
  ) -> (json: Any, path: String) {
    let places = objects(in: tree, at: [])
    let place = places[Int.random(in: 0..<places.count, using: &generator)]
    let name = "colour\(Int.random(in: 0..<100, using: &generator))"
    let values: [Any] = [7, NSNull(), "x", [String: Any](), ["a": 1], [1, ["b": 2]] as [Any]]
    let value = values[Int.random(in: 0..<values.count, using: &generator)]
    var path = ""
    for step in place {
      switch step {
      case .name(let name) where name.contains(" "): path += "[\"\(name)\"]"
      case .name(let name): path += path.isEmpty ? name : ".\(name)"
      case .index(let index): path += "[\(index)]"
      }
    }
    return (inserting(value, as: name, at: place[...], of: tree), path.isEmpty ? name : "\(path).\(name)")
  }

  /// The objects whose members have declared names: all but dictionaries.
  private static func objects(in tree: Any, at path: [Step]) -> [[Step]] {
    if let object = tree as? [String: Any] {
      var found: [[Step]] = []
      if case .name(let name) = path.last, Rich.dictionaries.contains(name) {} else { found.append(path) }
      for (name, value) in object.sorted(by: { $0.key < $1.key }) {
        found += objects(in: value, at: path + [.name(name)])
      }
      return found
    }
    let array = tree as? [Any] ?? []
    return array.enumerated().flatMap { objects(in: $1, at: path + [.index($0)]) }
  }

  private static func inserting(
    _ value: Any, as name: String, at place: ArraySlice<Step>, of tree: Any
  ) -> Any {
    switch place.first {
    case nil:
      var object = tree as? [String: Any] ?? [:]
      object[name] = value
      return object
    case .name(let member):
      var object = tree as? [String: Any] ?? [:]
      object[member] = object[member].map { inserting(value, as: name, at: place.dropFirst(), of: $0) }
      return object
    case .index(let index):
      var array = tree as? [Any] ?? []
      array[index] = inserting(value, as: name, at: place.dropFirst(), of: array[index])
      return array
    }
  }
}

// MARK: The values

/// Some of everything that is `Codable`.
private struct Rich: Codable, Sendable, Equatable {
  /// The members that are dictionaries: any name is known in them.
  static let dictionaries: Set = ["byName", "byNumber", "byShade", "table"]

  var id: UUID
  var flag: Bool
  var count: Int
  var wide: UInt64
  var ratio: Double
  var name: String
  var date: Date
  var data: Data
  var url: URL
  var price: Decimal
  var tags: Set<String>
  var range: Range<Int>
  var nothing: Nothing
  var optional: Part?
  var grid: [[Part?]]
  var byName: [String: Part]
  var byNumber: [Int: [Part]]
  var byShade: [Shade: Part]
  var byColour: [Colour: Part]
  var mode: Mode
  var pairs: [Pair<Part, Pair<[Mode], Nothing>>]
  var leaf: Leaf
  var children: [Rich]

  struct Nothing: Codable, Sendable, Equatable {}

  struct Part: Codable, Sendable, Equatable {
    var rate: Int
    var unit: String?
    var table: [String: [Nothing]]?
  }

  struct Pair<First: Codable & Sendable & Equatable, Second: Codable & Sendable & Equatable>: Codable,
    Sendable, Equatable
  {
    var first: First
    var second: Second
  }

  enum Shade: String, Codable, Sendable, CodingKeyRepresentable, CaseIterable {
    case light, dark
  }

  enum Colour: String, Codable, Sendable, CaseIterable {
    case red, green, blue
  }

  indirect enum Mode: Codable, Sendable, Equatable {
    case off
    case fixed(Int)
    case limited(Part, burst: Part?)
    case nested(Mode, fallback: [Mode])
  }

  class Base: Codable, @unchecked Sendable {  // Not changed once it is made.
    let base: Part

    init(base: Part) {
      self.base = base
    }
  }

  final class Leaf: Base, @unchecked Sendable, Equatable {
    let own: Part

    enum CodingKeys: String, CodingKey {
      case own
    }

    init(base: Part, own: Part) {
      self.own = own
      super.init(base: base)
    }

    required init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      own = try container.decode(Part.self, forKey: .own)
      try super.init(from: container.superDecoder())
    }

    override func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(own, forKey: .own)
      try super.encode(to: container.superEncoder())
    }

    static func == (a: Leaf, b: Leaf) -> Bool {
      a.base == b.base && a.own == b.own
    }
  }
}

extension Rich {
  static func random(depth: Int, using generator: inout SeededGenerator) -> Rich {
    func number(_ range: Range<Int> = 0..<1_000) -> Int { Int.random(in: range, using: &generator) }
    func list<T>(_ make: () -> T) -> [T] { (0..<number(0..<3)).map { _ in make() } }
    func part() -> Part {
      Part(
        rate: number(), unit: number(0..<2) == 0 ? nil : "unit \(number())",
        table: number(0..<3) == 0 ? ["a b": list { Nothing() }] : nil)
    }
    func optional() -> Part? { number(0..<2) == 0 ? nil : part() }
    func mode(_ depth: Int) -> Mode {
      switch number(0..<(depth > 0 ? 4 : 3)) {
      case 0: .off
      case 1: .fixed(number())
      case 2: .limited(part(), burst: optional())
      default: .nested(mode(depth - 1), fallback: list { mode(depth - 1) })
      }
    }
    return Rich(
      id: UUID(uuidString: "00000000-0000-4000-8000-\(100_000_000_000 + number())")!,  // Twelve digits.
      flag: number(0..<2) == 0, count: number(-1_000..<1_000), wide: UInt64(number()),
      ratio: Double(number()) / 8, name: "name \"\(number())\"\n",
      date: Date(timeIntervalSinceReferenceDate: Double(number()) / 4), data: Data("\(number())".utf8),
      url: URL(string: "https://example.com/\(number())")!,  // Digits need no escaping.
      price: Decimal(number()) / 4, tags: Set(list { "tag \(number())" }), range: 0..<number(),
      nothing: Nothing(), optional: optional(), grid: list { list { optional() } },
      byName: Dictionary(list { ("key \(number())", part()) }) { $1 },
      byNumber: Dictionary(list { (number(-9..<9), list { part() }) }) { $1 },
      byShade: Dictionary(list { (Shade.allCases[number(0..<2)], part()) }) { $1 },
      byColour: Dictionary(list { (Colour.allCases[number(0..<3)], part()) }) { $1 },
      mode: mode(2),
      pairs: list { Pair(first: part(), second: Pair(first: list { mode(1) }, second: Nothing())) },
      leaf: Leaf(base: part(), own: part()),
      children: depth > 0 ? list { Rich.random(depth: depth - 1, using: &generator) } : [])
  }
}

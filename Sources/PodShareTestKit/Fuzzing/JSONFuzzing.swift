import Foundation
import NIOCore
import PodShare

/// That ``JSONCodec`` makes of any bytes what Foundation's decoder makes of them.
///
/// Bytes that one of them refuses and the other reads are a defect, and so are different values, with two exceptions:
/// some versions of Foundation refuse `0e1`, and stop the program at text that ends when it is nested too deep. What the
/// codec writes for what it has read, Foundation reads as the same value.
enum JSONFuzzing {
  /// One of each kind of value, and each way to ask a decoder.
  private struct Everything: Codable, Equatable, Sendable {
    // Unchecked, because a class that others inherit from cannot be checked; nothing changes one once it is decoded.
    class Base: Codable, @unchecked Sendable {
      var base: Int?
    }

    // Unchecked, because its base is; it adds nothing that changes.
    final class Derived: Base, Equatable, @unchecked Sendable {
      let own: String?

      private enum CodingKeys: String, CodingKey {
        case own
      }

      required init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        own = try container.decodeIfPresent(String.self, forKey: .own)
        try super.init(from: container.superDecoder())
      }

      override func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(own, forKey: .own)
        try super.encode(to: container.superEncoder())
      }

      static func == (a: Derived, b: Derived) -> Bool { a.own == b.own && a.base == b.base }
    }

    /// Keys that can be spelt in several ways.
    struct Accents: Codable, Equatable, Sendable {
      enum CodingKeys: String, CodingKey {
        case acute = "é"
        case kelvin = "K"
      }

      var acute: Int?
      var kelvin: Int?
    }

    enum Choice: Codable, Equatable, Sendable {
      case nothing
      case some(number: Int, [Everything])
    }

    var flag: Bool?
    var number: Int?
    var small: Int8?
    var large: UInt64?
    var huge: Int128?
    var real: Double?
    var short: Float?
    var text: String?
    var date: Date?
    var data: Data?
    var url: URL?
    var decimal: Decimal?
    var id: UUID?
    var choice: Choice?
    var derived: Derived?
    var list: [Everything]?
    var optionals: [Int?]?
    var names: [String: Double]?
    var numbers: [Int: String]?
    var accents: Accents?
  }

  /// Any JSON.
  private enum Tree: Codable, Equatable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case list([Tree])
    case object([String: Tree])

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
      } else if let list = try? container.decode([Tree].self) {
        self = .list(list)
      } else {
        self = .object(try container.decode([String: Tree].self))
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .null: try container.encodeNil()
      case .bool(let bool): try container.encode(bool)
      case .number(let number): try container.encode(number)
      case .text(let text): try container.encode(text)
      case .list(let list): try container.encode(list)
      case .object(let object): try container.encode(object)
      }
    }
  }

  static func run(_ bytes: ByteBuffer) {
    if bytes.readableBytesView.count(where: { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }) > 512 {
      return
    }
    compare(bytes, as: Everything.self)
    compare(bytes, as: Tree.self)
    compare(bytes, as: [Int].self)
    compare(bytes, as: [UInt8].self)
    compare(bytes, as: [Double].self)
    compare(bytes, as: [Float].self)
    compare(bytes, as: [Decimal].self)
    compare(bytes, as: [String].self)
  }

  private static func compare<Value: Codable & Equatable & Sendable>(_ bytes: ByteBuffer, as type: Value.Type)
  {
    let codec = JSONCodec<Value>()
    let ours = try? codec.decode(bytes)
    let theirs = try? JSONDecoder().decode(type, from: Data(bytes.readableBytesView))
    precondition(
      ours == theirs || (theirs == nil && hasZeroWithExponent(bytes)),
      "\(type): Foundation reads another value, or one of them reads none")
    guard let ours else { return }
    var written = ByteBuffer()
    do {
      try codec.encode(ours, into: &written)
      let again = try JSONDecoder().decode(type, from: Data(written.readableBytesView))
      precondition(again == ours, "\(type): Foundation reads another value than was written")
    } catch {
      preconditionFailure("\(type): a value cannot be written back, or is not read: \(error)")
    }
  }

  private static func hasZeroWithExponent(_ bytes: ByteBuffer) -> Bool {
    let text = bytes.readableBytesView
    return zip(text, text.dropFirst()).contains { $0 == UInt8(ascii: "0") && $1 | 0x20 == UInt8(ascii: "e") }
  }
}

import Foundation
import PodShareJSON
import Testing

// What the tests compare with: Foundation's encoder and decoder, with their defaults.

/// The JSON of a value.
func encoded<Value: Encodable>(_ value: Value) throws -> String {
  try JSON.encode(value) { $0.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } }
}

/// Its JSON by Foundation, in an order that does not change.
func encodedByFoundation<Value: Encodable>(_ value: Value) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}

func decoded<Value: Decodable>(_ bytes: some Sequence<UInt8>, as type: Value.Type) throws -> Value {
  // In memory of its own, so that reading beyond its end is found by a sanitizer.
  try JSON.decode(type, from: Array(bytes).span)
}

func decoded<Value: Decodable>(_ json: String, as type: Value.Type) throws -> Value {
  try decoded(json.utf8, as: type)
}

/// Whatever one side writes, the other reads as the same value, and both write the same but for the members' order.
func expectAgreement<Value: Codable & Equatable>(on value: Value, _ comment: Comment? = nil) {
  #expect(throws: Never.self, comment) {
    let ours = try encoded(value)
    let theirs = try encodedByFoundation(value)
    #expect(sorted(ours) == theirs, comment)
    #expect(try decoded(ours, as: Value.self) == value, comment)
    #expect(try decoded(theirs, as: Value.self) == value, comment)
    #expect(try JSONDecoder().decode(Value.self, from: Data(ours.utf8)) == value, comment)
  }
}

/// Of any bytes, both sides make the same value, or refuse them for the same reason at the same place; or for any reason,
/// since which member of a dictionary Foundation reads first changes from run to run.
func expectSameReading<Value: Codable>(
  of bytes: some Sequence<UInt8>, as type: Value.Type, forAnyReason: Bool = false, _ comment: Comment? = nil
) {
  let bytes = Array(bytes)
  var ours = outcome { try decoded(bytes, as: type) }
  var theirs = outcome { try JSONDecoder().decode(type, from: Data(bytes)) }
  if forAnyReason, !ours.isValue, !theirs.isValue { (ours.text, theirs.text) = ("", "") }
  // Of what is wrong within a string or number Foundation does not say where it is.
  if theirs.text == "dataCorrupted ", ours.text.hasPrefix("dataCorrupted /") { ours.text = theirs.text }
  let json = String(decoding: bytes.prefix(200), as: UTF8.self).debugDescription
  #expect(ours.text == theirs.text, "\(json) as \(type) \(comment?.rawValue ?? "")")
}

func expectSameReading<Value: Codable>(
  of json: String, as type: Value.Type, _ comment: Comment? = nil
) {
  expectSameReading(of: json.utf8, as: type, comment)
}

/// A value's JSON by Foundation, or an error's kind and path.
private func outcome<Value: Encodable>(_ decode: () throws -> Value) -> (isValue: Bool, text: String) {
  do {
    let value = try decode()
    return (true, (try? encodedByFoundation(value)) ?? "\(value)")
  } catch {
    return (false, summary(of: error))
  }
}

/// All of an error that a program can act on: its kind, type and path.
func summary(of error: any Error) -> String {
  func path(_ keys: [any CodingKey]) -> String {
    keys.map { "/\($0.stringValue)(\($0.intValue.map(String.init) ?? ""))" }.joined()
  }
  switch error {
  case DecodingError.typeMismatch(let type, let context):
    return "typeMismatch \(type) \(path(context.codingPath))"
  case DecodingError.valueNotFound(let type, let context):
    return "valueNotFound \(type) \(path(context.codingPath))"
  case DecodingError.keyNotFound(let key, let context):
    return "keyNotFound \(key.stringValue) \(path(context.codingPath))"
  case DecodingError.dataCorrupted(let context): return "dataCorrupted \(path(context.codingPath))"
  case EncodingError.invalidValue(let value, let context):
    return "invalidValue \(value) \(path(context.codingPath))"
  default: return "\(type(of: error))"
  }
}

/// JSON with the members of all objects sorted; what is no JSON as it is.
func sorted(_ json: String) -> String {
  let data = Data(json.utf8)
  guard (try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)) != nil else {
    return json
  }
  var rest = Array(json.utf8)[...]
  func string() -> [UInt8] {
    var end = rest.startIndex + 1
    while rest[end] != UInt8(ascii: "\"") { end += rest[end] == UInt8(ascii: "\\") ? 2 : 1 }
    defer { rest = rest[(end + 1)...] }
    return Array(rest[...end])
  }
  func value() -> [UInt8] {
    switch rest.first {
    case UInt8(ascii: "{"):
      var members: [(key: String, text: [UInt8])] = []
      rest.removeFirst()
      while rest.first != UInt8(ascii: "}") {
        if rest.first == UInt8(ascii: ",") { rest.removeFirst() }
        let key = string()
        rest.removeFirst()
        let name = try? JSONDecoder().decode(String.self, from: Data(key))
        members.append((name ?? "", key + ":".utf8 + value()))
      }
      rest.removeFirst()
      members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      return [UInt8(ascii: "{")] + members.map(\.text).joined(separator: [UInt8(ascii: ",")]) + [
        UInt8(ascii: "}")
      ]
    case UInt8(ascii: "["):
      var elements: [[UInt8]] = []
      rest.removeFirst()
      while rest.first != UInt8(ascii: "]") {
        if rest.first == UInt8(ascii: ",") { rest.removeFirst() }
        elements.append(value())
      }
      rest.removeFirst()
      return [UInt8(ascii: "[")] + elements.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "]")]
    case UInt8(ascii: "\""):
      return string()
    default:
      let token = rest.prefix { !",]}".utf8.contains($0) }
      rest = rest[token.endIndex...]
      return Array(token)
    }
  }
  return String(decoding: value(), as: UTF8.self)
}

/// The same numbers for the same seed (SplitMix64).
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  mutating func number(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

  mutating func text() -> String {
    var text = ""
    for _ in 0..<number(20) {
      let value = UInt32.random(in: 0...0x10ffff, using: &self) >> UInt32(number(16))
      if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
    }
    return text
  }
}

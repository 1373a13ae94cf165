import Foundation
import NIOCore
import PodShare
import Testing

/// The table of the page "Codecs and rolling deploys", row by row.
@Suite("What an old and a new build make of one another's values")
struct RollingDeployTests {
  private enum Outcome: Equatable {
    case reads, withoutTheField, undecodable
  }

  /// What the codecs make of a value that another build has written, as seen in what they would write themselves.
  private func outcomes<Written: Codable, Read: Codable & Sendable>(
    of value: Written, as _: Read.Type
  ) throws -> [Outcome] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let json = try encoder.encode(value)
    let codecs: [any Codec<Read>] = [JSONCodec<Read>(), StrictJSONCodec<Read>()]
    return try codecs.map { codec in
      guard let read = try? codec.decode(ByteBuffer(bytes: json)) else { return .undecodable }
      return try encoder.encode(read) == json ? .reads : .withoutTheField
    }
  }

  struct Plain: Codable {
    var rate = 1
  }

  struct WithOptional: Codable {
    var rate = 1
    var burst: Int?
  }

  struct WithRequired: Codable {
    var rate = 1
    var burst = 2
  }

  struct RenamedOptional: Codable {
    var rate = 1
    var peak: Int?
  }

  struct RenamedRequired: Codable {
    var rate = 1
    var peak = 2
  }

  struct Retyped: Codable {
    var rate = 1
    var burst = "2"
  }

  struct Widened: Codable {
    var rate = 1
    var burst = 2.0
  }

  enum Mode: Codable {
    case off
  }

  enum MoreModes: Codable {
    case off, on
  }

  @Test("an optional field, added or removed")
  func optional() throws {
    #expect(try outcomes(of: WithOptional(burst: 2), as: Plain.self) == [.withoutTheField, .undecodable])
    #expect(try outcomes(of: WithOptional(burst: nil), as: Plain.self) == [.reads, .reads])
    #expect(try outcomes(of: Plain(), as: WithOptional.self) == [.reads, .reads])
  }

  @Test("a required field, added or removed")
  func required() throws {
    #expect(try outcomes(of: WithRequired(), as: Plain.self) == [.withoutTheField, .undecodable])
    #expect(try outcomes(of: Plain(), as: WithRequired.self) == [.undecodable, .undecodable])
  }

  @Test("a field under another name")
  func renamed() throws {
    #expect(
      try outcomes(of: RenamedOptional(peak: 2), as: WithOptional.self) == [.withoutTheField, .undecodable])
    #expect(try outcomes(of: RenamedOptional(peak: nil), as: WithOptional.self) == [.reads, .reads])
    #expect(try outcomes(of: RenamedRequired(), as: WithRequired.self) == [.undecodable, .undecodable])
  }

  @Test("a field of another type")
  func retyped() throws {
    #expect(try outcomes(of: Retyped(), as: WithRequired.self) == [.undecodable, .undecodable])
    #expect(try outcomes(of: Retyped(), as: WithOptional.self) == [.undecodable, .undecodable])
    #expect(try outcomes(of: Widened(), as: WithRequired.self) == [.reads, .reads])
    #expect(try outcomes(of: Widened(burst: 2.5), as: WithRequired.self) == [.undecodable, .undecodable])
    #expect(try outcomes(of: WithRequired(), as: Widened.self) == [.reads, .reads])
  }

  @Test("a case of an enum")
  func enums() throws {
    #expect(try outcomes(of: MoreModes.on, as: Mode.self) == [.undecodable, .undecodable])
    #expect(try outcomes(of: MoreModes.off, as: Mode.self) == [.reads, .reads])
    #expect(try outcomes(of: Mode.off, as: MoreModes.self) == [.reads, .reads])
  }
}

import NIOCore
import PodShare

/// What strict and permissive decoding have to do with each other, on a type with much in it.
enum StrictJSONFuzzing {
  private struct Sample: Codable, Equatable, Sendable {
    enum Kind: String, Codable, Equatable {
      case a, b
    }
    enum Choice: Codable, Equatable {
      case nothing
      case some(number: Int, [Sample])
    }
    indirect enum Tree: Codable, Equatable {
      case leaf
      case node([Tree])
    }

    var number: Int?
    var real: Double?
    var flag: Bool?
    var text: String?
    var kind: Kind?
    var choice: Choice?
    var tree: Tree?
    var list: [Sample]?
    var names: [String: Sample]?
    var numbers: [Int: UInt8]?
    var tags: Set<String>?
  }

  /// What the strict codec takes, the permissive one takes too, for the same value; what one refuses as no JSON of this
  /// type, the other refuses.
  static func run(_ bytes: ByteBuffer) {
    let strict = Result { try StrictJSONCodec<Sample>().decode(bytes) }
    let permissive = try? JSONCodec<Sample>().decode(bytes)
    switch strict {
    case .success(let value):
      precondition(permissive == value, "strict and permissive decoding differ")
      // What was written by this very type has no unknown members.
      var written = ByteBuffer()
      guard (try? StrictJSONCodec<Sample>().encode(value, into: &written)) != nil,
        let again = try? StrictJSONCodec<Sample>().decode(written)
      else { preconditionFailure("a value cannot be written back") }
      precondition(again == value, "a value written back differs")
    case .failure(let error as UnknownMemberError):
      precondition(permissive != nil, "\(error) hides another error")
    case .failure:
      precondition(permissive == nil, "strict decoding refuses what is valid")
    }
  }
}

import Hummingbird

extension Request {
  /// The flag in the body of this request.
  ///
  /// - Throws: `HTTPError` with status 400 and a sentence that says what is wrong with it.
  func flag(context: some RequestContext) async throws -> Flag {
    let flag: Flag
    do {
      flag = try await context.requestDecoder.decode(Flag.self, from: self, context: context)
    } catch let error as DecodingError {
      throw HTTPError(.badRequest, message: error.sentence)
    }
    if let problem = flag.problem { throw HTTPError(.badRequest, message: problem) }
    return flag
  }
}

extension DecodingError {
  fileprivate var sentence: String {
    switch self {
    case .keyNotFound(let key, _):
      return "The flag has no “\(key.stringValue)”."
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      switch context.codingPath.last?.stringValue {
      case "enabled": return "“enabled” must be true or false."
      case "rollout": return "The rollout must be a whole number."
      case "note": return "The note must be a text."
      default: return "The body is not a flag in JSON. \(context.debugDescription)"
      }
    @unknown default:
      return "The body is not a flag in JSON."
    }
  }
}

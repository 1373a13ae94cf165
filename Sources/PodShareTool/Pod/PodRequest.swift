/// What a line on standard input asks of the pod.
enum PodRequest: Sendable, Equatable {
  case set(key: String, value: JSONValue)
  case delete(key: String)
  case get(key: String)
  case keys
  case dump
  case setMany([Member])
  case version(key: String)
  case members
  case statistics
  case refresh
  case sleep(milliseconds: Int)
  case help
  case quit

  /// A key to be set along with others.
  struct Member: Sendable, Equatable {
    let key: String
    let value: JSONValue
  }
}

extension PodRequest {
  /// Why a line is no request.
  struct Refusal: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
      self.description = description
    }
  }

  /// Reads a line. Nil if it is empty, or a comment that begins with `#`.
  static func parse(_ line: String) throws(Refusal) -> PodRequest? {
    var line = LineScanner(line)
    guard let word = line.nextWord(), !word.hasPrefix("#") else { return nil }
    guard let syntax = syntaxes.first(where: { $0.words.contains(word) }) else {
      throw Refusal("unknown command \(Word.quoted(word)); help lists them")
    }
    let request: PodRequest
    do {
      guard let parsed = try syntax.parse(&line) else { throw Refusal("usage: \(syntax.usage)") }
      request = parsed
    } catch let error as Refusal {
      throw error
    } catch {
      throw Refusal("\(error)")
    }
    guard line.isAtEnd else { throw Refusal("usage: \(syntax.usage)") }
    return request
  }
}

/// What is left to do with text when all of it has been written, because it was not encoded in the order in which it
/// stands or has several members of one name.
struct Rearrangement {
  /// Stands at the beginning of a piece, and is left out.
  static let filler: UInt8 = 0x01
  /// Stands for the opening brace of an object of whose members the last one of each name counts. As control characters
  /// are escaped, these bytes are nowhere else in the text.
  static let unique: UInt8 = 0x02
  /// The same, with the members sorted.
  static let sorted: UInt8 = 0x03

  /// Where a comma belongs when a piece has found its place.
  enum Separation {
    case none
    /// Before it, unless it is the first item.
    case fromPrevious
    /// Behind it.
    case fromNext
  }

  private var ends: [Int: Int] = [:]
  private var arrivals: [Int: [(text: Range<Int>, separation: Separation)]] = [:]
  private var lastStart = -1
  var hasMarks = false

  var isEmpty: Bool { !hasMarks && ends.isEmpty }

  /// Notes that some of the text belongs before a position, behind what was moved there earlier; nowhere if that is -1.
  mutating func move(_ text: Range<Int>, to destination: Int, _ separation: Separation = .none) {
    guard !text.isEmpty else { return }
    ends[text.lowerBound] = max(ends[text.lowerBound] ?? 0, text.upperBound)
    lastStart = max(lastStart, text.upperBound)
    if destination >= 0 { arrivals[destination, default: []].append((text, separation)) }
  }

  /// Whether any of the text behind a position has been moved, or is where something was moved to.
  func concernsText(from position: Int) -> Bool {
    lastStart > position || arrivals.keys.contains { $0 >= position }
  }

  /// The text as it should be.
  func applied(to output: borrowing Output) -> [UInt8] {
    var text = output.bytes(0..<output.count)
    if !ends.isEmpty {
      var moved: [UInt8] = []
      moved.reserveCapacity(text.count)
      copy(0..<text.count, of: text, isPiece: false, to: &moved)
      text = moved
    }
    guard hasMarks else { return text }
    var tidied: [UInt8] = []
    tidied.reserveCapacity(text.count)
    var position = 0
    Self.tidy(text, &position, into: &tidied)
    return tidied
  }

  // MARK: Moving

  private func copy(_ range: Range<Int>, of text: [UInt8], isPiece: Bool, to result: inout [UInt8]) {
    var position = range.lowerBound
    // A piece is not left out of itself.
    if isPiece { position += 1 }
    while position < range.upperBound {
      for piece in arrivals[position] ?? [] {
        if piece.separation == .fromPrevious, let last = result.last, !Self.opens(last) {
          result.append(UInt8(ascii: ","))
        }
        copy(piece.text, of: text, isPiece: true, to: &result)
        if piece.separation == .fromNext { result.append(UInt8(ascii: ",")) }
      }
      if let end = ends[position] {
        position = end
        continue
      }
      if text[position] != Self.filler { result.append(text[position]) }
      position += 1
    }
  }

  private static func opens(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") || byte == unique || byte == sorted
  }

  // MARK: Tidying

  /// Copies one value, with the objects in it that are marked made right. The text is well-formed but for the marks.
  private static func tidy(_ text: [UInt8], _ position: inout Int, into result: inout [UInt8]) {
    switch text[position] {
    case UInt8(ascii: "["), UInt8(ascii: "{"):
      let isObject = text[position] == UInt8(ascii: "{")
      repeat {
        result.append(text[position])  // The bracket or a comma.
        position += 1
        if text[position] == UInt8(ascii: "]") || text[position] == UInt8(ascii: "}") { break }
        if isObject { copyKey(text, &position, into: &result) }
        tidy(text, &position, into: &result)
      } while text[position] == UInt8(ascii: ",")
      result.append(text[position])
      position += 1
    case unique, sorted:
      tidyMembers(text, &position, into: &result)
    case UInt8(ascii: "\""):
      copyString(text, &position, into: &result)
    default:
      while position < text.count, ![",", "]", "}"].contains(Unicode.Scalar(text[position])) {
        result.append(text[position])
        position += 1
      }
    }
  }

  private static func tidyMembers(_ text: [UInt8], _ position: inout Int, into result: inout [UInt8]) {
    let isSorted = text[position] == sorted
    var members: [(name: String, key: [UInt8], value: [UInt8])] = []
    var places: [String: Int] = [:]
    repeat {
      position += 1
      if text[position] == UInt8(ascii: "}") { break }
      var key: [UInt8] = []
      copyKey(text, &position, into: &key)
      var value: [UInt8] = []
      tidy(text, &position, into: &value)
      let name = unescaped(key.dropFirst().dropLast(2))
      if let place = places[name] {
        members[place].value = value
      } else {
        places[name] = members.count
        members.append((name, key, value))
      }
    } while text[position] == UInt8(ascii: ",")
    position += 1
    if isSorted { members.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) } }
    result.append(UInt8(ascii: "{"))
    result.append(contentsOf: members.map { $0.key + $0.value }.joined(separator: [UInt8(ascii: ",")]))
    result.append(UInt8(ascii: "}"))
  }

  /// Copies a key with its colon.
  private static func copyKey(_ text: [UInt8], _ position: inout Int, into result: inout [UInt8]) {
    copyString(text, &position, into: &result)
    result.append(text[position])
    position += 1
  }

  private static func copyString(_ text: [UInt8], _ position: inout Int, into result: inout [UInt8]) {
    repeat {
      if text[position] == UInt8(ascii: "\\") {
        result.append(text[position])
        position += 1
      }
      result.append(text[position])
      position += 1
    } while text[position] != UInt8(ascii: "\"")
    result.append(text[position])
    position += 1
  }

  /// What the text of a string means, which has been written by ``Output`` and so is well-formed.
  static func unescaped(_ text: some Sequence<UInt8>) -> String {
    var bytes: [UInt8] = []
    var rest = text.makeIterator()
    while let byte = rest.next() {
      guard byte == UInt8(ascii: "\\"), let escape = rest.next() else {
        bytes.append(byte)
        continue
      }
      switch escape {
      case UInt8(ascii: "b"): bytes.append(0x08)
      case UInt8(ascii: "t"): bytes.append(0x09)
      case UInt8(ascii: "n"): bytes.append(0x0a)
      case UInt8(ascii: "f"): bytes.append(0x0c)
      case UInt8(ascii: "r"): bytes.append(0x0d)
      case UInt8(ascii: "u"):
        let digits = (0..<4).compactMap { _ in rest.next() }
        bytes.append(UInt8(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0)
      default: bytes.append(escape)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Output {
  /// The string whose opening quote stands at a position.
  func unquoted(at position: Int) -> String {
    var end = position + 1
    while self[end] != UInt8(ascii: "\"") { end += self[end] == UInt8(ascii: "\\") ? 2 : 1 }
    return Rearrangement.unescaped(bytes(position + 1..<end))
  }

  func hasEscapes(_ range: Range<Int>) -> Bool {
    range.contains { self[$0] == UInt8(ascii: "\\") }
  }

  /// Where the object or array ends that begins at a position; nil if none does, or if it is still being written.
  func closingBracket(of kind: Record.Kind, at start: Int) -> Int? {
    guard start < count else { return nil }
    switch self[start] {
    case UInt8(ascii: "["): guard kind == .array else { return nil }
    case UInt8(ascii: "{"), Rearrangement.unique, Rearrangement.sorted:
      guard kind == .object else { return nil }
    default: return nil
    }
    var depth = 0
    var position = start
    while position < count {
      switch self[position] {
      case UInt8(ascii: "["), UInt8(ascii: "{"), Rearrangement.unique, Rearrangement.sorted: depth += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        depth -= 1
        if depth == 0 { return position }
      case UInt8(ascii: "\""):
        position += 1
        while self[position] != UInt8(ascii: "\"") {
          position += self[position] == UInt8(ascii: "\\") ? 2 : 1
        }
      default: break
      }
      position += 1
    }
    return nil
  }
}

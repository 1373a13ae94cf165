import Foundation

/// The text and the tokens that all decoders and containers of one value read.
///
/// Its properties are not checked for overlapping access. None of them is lent to code of the values, and neither
/// decoders nor containers are `Sendable`.
final class DecodingState {
  /// The place of the token that stands for what is missing.
  static let missing = 0
  static let root = 1
  static let seed = UInt64.random(in: .min ... .max)

  @exclusivity(unchecked) private(set) var source = Source.empty
  @exclusivity(unchecked) var tokens = Stack<Token>(capacity: 128)
  /// Tables of keys by their hashes, for objects with many members.
  @exclusivity(unchecked) var indices = Stack<UInt32>(capacity: 64)
  /// The members of objects whose keys cannot be compared as bytes, by the objects' places.
  @exclusivity(unchecked) var oddMembers: [Int: OddMembers] = [:]
  /// The keys of decoders that were asked for without there being such a member.
  @exclusivity(unchecked) var missingKeys: [any CodingKey] = []
  /// The keys with which objects were opened, if it matters what of them is known.
  @exclusivity(unchecked) var keyTypes: [KeyType] = []
  @exclusivity(unchecked) private(set) var isStrict = false
  let seed = DecodingState.seed
  /// A copy of the text, once the caller's is not there any more.
  private var copy: UnsafeMutableRawBufferPointer?

  deinit {
    copy?.deallocate()
  }

  // MARK: A value

  /// Makes a value from a text, and fails if strict and some of the text is not read.
  func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: UnsafeRawBufferPointer, isStrict: Bool
  ) throws -> Value {
    source = Source(bytes)
    self.isStrict = isStrict
    try scan()
    let value = try self.value(
      type, at: ValueDecoder(state: self, place: Self.root, parent: 0, ordinal: 0))
    if isStrict, let unread = firstUnread() { throw unread }
    return value
  }

  /// Makes it ready for the next value; false if it has grown too large to be kept.
  func reset() -> Bool {
    source = .empty
    tokens.removeAll(from: 0)
    indices.removeAll(from: 0)
    if !oddMembers.isEmpty { oddMembers = [:] }
    if !missingKeys.isEmpty { missingKeys = [] }
    if !keyTypes.isEmpty { keyTypes = [] }
    return tokens.isSmall && indices.isSmall
  }

  /// Leaves it to a decoder that the value has kept, which may go on reading after the text of the caller is gone.
  func outliveInput() {
    let bytes = source.all
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    copy.copyMemory(from: bytes)
    self.copy = copy
    source = Source(UnsafeRawBufferPointer(copy))
  }

  // MARK: Paths

  /// The keys that lead to a value in an object or array; that of the root if there is none around it.
  func path(parent: Int, ordinal: Int) -> [any CodingKey] {
    var path: [any CodingKey] = []
    var (parent, ordinal) = (parent, ordinal)
    while parent != 0 {
      path.append(key(parent: parent, ordinal: ordinal))
      let extent = tokens[parent + 1]
      (parent, ordinal) = (Int(extent.parent), Int(extent.ordinal))
    }
    return path.reversed()
  }

  private func key(parent: Int, ordinal: Int) -> any CodingKey {
    if ordinal < 0 { return missingKeys[-1 - ordinal] }
    if tokens[parent].kind == .array { return JSONKey(index: ordinal) }
    return JSONKey(stringValue: repairedText(of: tokens[ordinal]))
  }

  func path(ofContainer place: Int) -> [any CodingKey] {
    let extent = tokens[place + 1]
    return path(parent: Int(extent.parent), ordinal: Int(extent.ordinal))
  }

  /// How many keys lead to a container.
  func depth(ofContainer place: Int) -> Int {
    var depth = 0
    var parent = Int(tokens[place + 1].parent)
    while parent != 0 {
      depth += 1
      parent = Int(tokens[parent + 1].parent)
    }
    return depth
  }

  // MARK: Errors

  /// What is wrong within a string or number. Where it is, those know who asked for it.
  struct Malformed: Error {
    let description: String
    let position: Int

    init(reason: String, position: Int) {
      description = "The given data was not valid JSON: \(reason)"
      self.position = position
    }

    /// - Parameter number: As it is written: it is valid JSON, but no value of this type.
    init(number: String, isNo type: any Any.Type, position: Int) {
      let beginning = number.utf8.count > 40 ? "\(number.prefix(40))…" : number
      description = "The number \(beginning) does not fit into \(type)"
      self.position = position
    }
  }

  /// What a token was found to say, if it is of the right kind.
  @inline(__always)
  func found<Value>(
    _ read: @autoclosure () throws(Malformed) -> Value?, _ token: Token,
    at path: @autoclosure () -> [any CodingKey]
  ) throws -> Value {
    let value: Value?
    do throws(Malformed) {
      value = try read()
    } catch {
      throw corrupted(error, path: path())
    }
    guard let value else { throw mismatch(Value.self, token, path()) }
    return value
  }

  @inline(never)
  func invalid(_ reason: String, at position: Int, path: [any CodingKey] = []) -> DecodingError {
    corrupted(Malformed(reason: reason, position: position), path: path)
  }

  @inline(never)
  func corrupted(_ error: Malformed, path: [any CodingKey]) -> DecodingError {
    let description = "\(error.description), at byte \(error.position)."
    return .dataCorrupted(.init(codingPath: path, debugDescription: description))
  }

  @inline(never)
  func mismatch(_ type: any Any.Type, _ token: Token, _ path: [any CodingKey]) -> DecodingError {
    // Foundation makes an exception for booleans.
    if token.kind == .null, type != Bool.self {
      let description = "Cannot get value of type \(type) -- found null value instead"
      return .valueNotFound(type, .init(codingPath: path, debugDescription: description))
    }
    let description = "Expected to decode \(type) but found \(token.kind) instead."
    return .typeMismatch(type, .init(codingPath: path, debugDescription: description))
  }
}

extension Token.Kind: CustomStringConvertible {
  var description: String {
    switch self {
    case .null: "null"
    case .true, .false: "bool"
    case .number: "number"
    case .string: "a string"
    case .object, .extent: "a dictionary"
    case .array: "an array"
    }
  }
}

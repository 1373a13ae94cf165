import NIOCore

/// Takes Redis's bytes as they come and gives out replies, in version 2 and 3 of its protocol (RESP), as its specification
/// at redis.io has it; but for streamed strings and aggregates, which no server sends.
///
/// What was read once is not read again, however many pieces a reply comes in. Memory is taken as bytes come, never as
/// a header promises.
struct RESPReader {
  /// Something that the server said.
  struct Message: Equatable {
    var reply: RedisReply
    /// It was not asked for: a published message, or the answer to a subscription.
    var isPush: Bool
  }

  struct Limits {
    /// The most bytes that one string may have. Redis itself allows 512 MiB.
    var stringBytes = 512 * 1_024 * 1_024
    /// The most elements that one aggregate may have.
    var elements = 4 * 1_024 * 1_024
    /// How deep aggregates may be nested.
    var depth = 16
    /// The most bytes that a line may have: a number, an error, the length of something.
    var lineBytes = 64 * 1_024
  }

  private enum Aggregate {
    case array, push
    /// Said about the reply that follows. Nobody asked for it.
    case attribute
  }

  /// An aggregate of which elements are still to come.
  private struct Frame {
    let aggregate: Aggregate
    var remaining: Int
    var elements: [RedisReply] = []
  }

  private let limits: Limits
  private var buffer = ByteBuffer()
  private var stack: [Frame] = []
  /// The length of the string whose bytes are still to come.
  private var stringLength: Int?
  private var isErrorString = false
  private var isVerbatim = false
  /// How many bytes of the line that is still incomplete hold no line end.
  private var scanned = 0

  init(limits: Limits = Limits()) {
    self.limits = limits
  }

  /// How many bytes have come that have not become a reply.
  var pendingBytes: Int { buffer.readableBytes }

  mutating func append(_ bytes: ByteBuffer) {
    if buffer.readableBytes == 0 {
      buffer = bytes
    } else {
      // What was read is dropped before more is added, so that the buffer does not grow for ever.
      buffer.discardReadBytes()
      buffer.writeImmutableBuffer(bytes)
    }
  }

  /// The next message; nil if it has not come whole.
  mutating func next() throws(RESPError) -> Message? {
    while true {
      switch try step() {
      case .incomplete: return nil
      case .begun: break
      case .value(let value): if let message = try complete(with: value) { return message }
      }
    }
  }

  // MARK: Values

  private enum Step {
    /// A value that is no aggregate, or an empty one.
    case value(RedisReply)
    /// An aggregate, whose elements are next.
    case begun
    /// Too few bytes have come.
    case incomplete
  }

  private mutating func step() throws(RESPError) -> Step {
    if let stringLength { return try readString(stringLength) }
    guard let line = try readLine() else { return .incomplete }
    var rest = line
    guard let type: UInt8 = rest.readInteger() else { throw RESPError("a line is empty") }
    switch type {
    case UInt8(ascii: "+"): return .value(.bytes(rest))
    case UInt8(ascii: "-"): return .value(.error(String(buffer: rest)))
    case UInt8(ascii: ":"): return .value(.integer(try Self.integer(rest)))
    case UInt8(ascii: ","): return .value(.double(try Self.double(rest)))
    case UInt8(ascii: "#"): return .value(.boolean(try Self.boolean(rest)))
    case UInt8(ascii: "("): return .value(.bytes(rest))
    case UInt8(ascii: "_"):
      guard rest.readableBytes == 0 else { throw RESPError("a null has bytes") }
      return .value(.null)
    case UInt8(ascii: "$"): return try beginString(rest, isError: false)
    case UInt8(ascii: "!"): return try beginString(rest, isError: true)
    case UInt8(ascii: "="):
      isVerbatim = true
      return try beginString(rest, isError: false)
    case UInt8(ascii: "*"), UInt8(ascii: "~"): return try begin(.array, rest, perElement: 1)
    case UInt8(ascii: "%"): return try begin(.array, rest, perElement: 2)
    case UInt8(ascii: ">"): return try begin(.push, rest, perElement: 1)
    case UInt8(ascii: "|"): return try begin(.attribute, rest, perElement: 2)
    default: throw RESPError("a reply begins with byte \(type), and none does")
    }
  }

  private mutating func beginString(_ length: ByteBuffer, isError: Bool) throws(RESPError) -> Step {
    let length = try Self.integer(length)
    if length == -1 {
      isVerbatim = false
      return .value(.null)
    }
    guard length >= 0, length <= limits.stringBytes else {
      throw RESPError("a string of \(length) bytes, of which \(limits.stringBytes) are allowed")
    }
    isErrorString = isError
    stringLength = Int(length)
    return try readString(Int(length))
  }

  private mutating func readString(_ length: Int) throws(RESPError) -> Step {
    guard buffer.readableBytes >= length + 2 else { return .incomplete }
    // There are that many bytes.
    var bytes = buffer.readSlice(length: length) ?? ByteBuffer()
    guard buffer.readInteger(as: UInt16.self) == Self.lineEnd else {
      throw RESPError("a string is longer than it says")
    }
    defer {
      stringLength = nil
      isVerbatim = false
    }
    if isErrorString { return .value(.error(String(buffer: bytes))) }
    // Three letters and a colon say what kind of text it is.
    if isVerbatim {
      guard bytes.readSlice(length: 4) != nil else { throw RESPError("a text of no kind") }
    }
    return .value(.bytes(bytes))
  }

  private mutating func begin(
    _ aggregate: Aggregate, _ count: ByteBuffer, perElement: Int64
  ) throws(RESPError) -> Step {
    let count = try Self.integer(count)
    if count == -1, aggregate == .array { return .value(.null) }
    guard count >= 0, count <= Int64(limits.elements) / perElement else {
      throw RESPError("an aggregate of \(count) elements, of which \(limits.elements) are allowed")
    }
    guard aggregate != .push || stack.isEmpty else { throw RESPError("a push inside a reply") }
    guard aggregate != .attribute || count > 0 else { return .begun }
    guard count > 0 else {
      guard aggregate == .array else { throw RESPError("a push of nothing") }
      return .value(.array([]))
    }
    guard stack.count < limits.depth else { throw RESPError("aggregates nested too deep") }
    stack.append(Frame(aggregate: aggregate, remaining: Int(count * perElement)))
    return .begun
  }

  /// Puts a value where it belongs. Returns the message that it completes, if it does.
  private mutating func complete(with value: RedisReply) throws(RESPError) -> Message? {
    var value = value
    while true {
      guard var frame = stack.popLast() else { return Message(reply: value, isPush: false) }
      frame.elements.append(value)
      frame.remaining -= 1
      guard frame.remaining == 0 else {
        stack.append(frame)
        return nil
      }
      switch frame.aggregate {
      case .array: value = .array(frame.elements)
      case .push: return Message(reply: .array(frame.elements), isPush: true)
      case .attribute: return nil
      }
    }
  }

  // MARK: Lines

  private static var lineEnd: UInt16 { 0x0d0a }

  /// The next line without its end; nil if it has not come whole.
  private mutating func readLine() throws(RESPError) -> ByteBuffer? {
    let unscanned = buffer.readableBytesView.dropFirst(scanned)
    guard let end = unscanned.firstIndex(of: 0x0d) else {
      scanned = buffer.readableBytes
      guard scanned <= limits.lineBytes else { throw RESPError("a line is too long") }
      return nil
    }
    let length = end - buffer.readerIndex
    guard length <= limits.lineBytes else { throw RESPError("a line is too long") }
    guard buffer.readableBytes >= length + 2 else {
      scanned = length
      return nil
    }
    scanned = 0
    let line = buffer.readSlice(length: length)
    guard buffer.readInteger(as: UInt16.self) == Self.lineEnd else {
      throw RESPError("a line ends with half of a line end")
    }
    return line
  }

  private static func integer(_ digits: ByteBuffer) throws(RESPError) -> Int64 {
    var digits = digits.readableBytesView[...]
    let sign = digits.first
    if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { digits = digits.dropFirst() }
    guard !digits.isEmpty, digits.count <= 19 else { throw RESPError("a number has no digits, or too many") }
    var number: Int64 = 0
    for digit in digits {
      guard 0x30...0x39 ~= digit else { throw RESPError("a number holds byte \(digit)") }
      let (tenfold, overflow) = number.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tenfold.subtractingReportingOverflow(Int64(digit - 0x30))
      guard !overflow, !carry else { throw RESPError("a number is too large") }
      // Negative, because there is one more of those.
      number = sum
    }
    guard sign != UInt8(ascii: "-") else { return number }
    guard number != .min else { throw RESPError("a number is too large") }
    return -number
  }

  private static func double(_ text: ByteBuffer) throws(RESPError) -> Double {
    guard text.readableBytes <= 64, let number = Double(String(buffer: text)) else {
      throw RESPError("a number cannot be read")
    }
    return number
  }

  private static func boolean(_ text: ByteBuffer) throws(RESPError) -> Bool {
    switch String(buffer: text) {
    case "t": return true
    case "f": return false
    default: throw RESPError("a boolean is neither true nor false")
    }
  }
}

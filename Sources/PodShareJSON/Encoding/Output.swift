import Foundation

/// The text that is being written, in memory of its own.
///
/// Unsafe code with these invariants: `memory` is allocated with `capacity` bytes and belongs to this value alone; its
/// first `count` bytes are initialised. Every write is preceded by `reserve`, which keeps `slack` bytes free behind what
/// was asked for, so that whole words may be stored and loaded at the end of the text.
struct Output: ~Copyable {
  private var memory: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private(set) var count = 0

  private static let slack = 16
  /// More memory than this is not kept for the next value.
  private static let keptCapacity = 64 * 1_024

  init() {
    capacity = 1_024
    memory = .allocate(capacity: capacity)
  }

  deinit {
    memory.deallocate()
  }

  // MARK: Memory

  /// Empties the text; false if it has grown too large to be kept.
  mutating func clear() -> Bool {
    count = 0
    return capacity <= Self.keptCapacity
  }

  @inline(__always)
  private mutating func reserve(_ length: Int) {
    if capacity &- count < length &+ Self.slack { grow(by: length) }
  }

  @inline(never)
  private mutating func grow(by length: Int) {
    let larger = max(capacity * 2, count + length + Self.slack)
    let new = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    new.update(from: memory, count: count)
    memory.deallocate()
    memory = new
    capacity = larger
  }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try body(UnsafeRawBufferPointer(start: memory, count: count))
  }

  // MARK: What is there

  subscript(position: Int) -> UInt8 {
    get {
      precondition(position >= 0 && position < count)
      return memory[position]
    }
    set {
      precondition(position >= 0 && position < count)
      memory[position] = newValue
    }
  }

  func bytes(_ range: Range<Int>) -> [UInt8] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return Array(UnsafeBufferPointer(start: memory + range.lowerBound, count: range.count))
  }

  /// Whether the text in one range comes before that in another.
  func precedes(_ first: Range<Int>, _ second: Range<Int>) -> Bool {
    precondition(first.lowerBound >= 0 && first.upperBound <= count)
    precondition(second.lowerBound >= 0 && second.upperBound <= count)
    let order = memcmp(
      memory + first.lowerBound, memory + second.lowerBound, min(first.count, second.count))
    return order == 0 ? first.count < second.count : order < 0
  }

  func equal(_ first: Range<Int>, _ second: Range<Int>) -> Bool {
    precondition(first.lowerBound >= 0 && first.upperBound <= count)
    precondition(second.lowerBound >= 0 && second.upperBound <= count)
    return first.count == second.count
      && memcmp(memory + first.lowerBound, memory + second.lowerBound, first.count) == 0
  }

  // MARK: Changing what is there

  /// Drops the text from a position on.
  mutating func truncate(to position: Int) {
    precondition(position >= 0 && position <= count)
    count = position
  }

  /// Writes a part of the text once more, at its end.
  mutating func appendCopy(of range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    reserve(range.count)
    (memory + count).update(from: memory + range.lowerBound, count: range.count)
    count += range.count
  }

  /// Puts the text from `source` to the end in the place of the equally long one at `destination`, and ends there.
  mutating func moveTail(from source: Int, to destination: Int) {
    precondition(destination >= 0 && destination <= source && source <= count)
    (memory + destination).update(from: memory + source, count: count - source)
    count = destination + (count - source)
  }

  mutating func replaceAll(with bytes: [UInt8]) {
    count = 0
    append(bytes)
  }

  // MARK: Appending

  @inline(__always)
  mutating func append(_ byte: UInt8) {
    reserve(1)
    memory[count] = byte
    count &+= 1
  }

  @inline(__always)
  mutating func append(_ text: StaticString) {
    let length = text.utf8CodeUnitCount
    reserve(length)
    (memory + count).update(from: text.utf8Start, count: length)
    count &+= length
  }

  mutating func append(_ bytes: [UInt8]) {
    reserve(bytes.count)
    bytes.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { (memory + count).update(from: start, count: source.count) }
    }
    count += bytes.count
  }

  /// Appends text that needs no escapes.
  mutating func append(plain text: String) {
    for byte in text.utf8 { append(byte) }
  }

  /// Appends the decimal digits of a number.
  @inline(__always)
  mutating func append(_ number: some FixedWidthInteger) {
    if number < 0 {
      append(UInt8(ascii: "-"))
    }
    append(digits: UInt64(truncatingIfNeeded: number.magnitude))
  }

  private mutating func append(digits number: UInt64) {
    let most = 20
    reserve(most)
    // From the last digit back, two at a time, and then to the front.
    var rest = number
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: most) { scratch in
      let start = scratch.baseAddress.unsafelyUnwrapped  // Since the capacity is not zero.
      var position = most
      while rest >= 100 {
        let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 100)
        position &-= 2
        start[position] = UInt8(truncatingIfNeeded: remainder / 10) &+ UInt8(ascii: "0")
        start[position &+ 1] = UInt8(truncatingIfNeeded: remainder % 10) &+ UInt8(ascii: "0")
        rest = quotient
      }
      if rest >= 10 {
        position &-= 2
        start[position] = UInt8(truncatingIfNeeded: rest / 10) &+ UInt8(ascii: "0")
        start[position &+ 1] = UInt8(truncatingIfNeeded: rest % 10) &+ UInt8(ascii: "0")
      } else {
        position &-= 1
        start[position] = UInt8(truncatingIfNeeded: rest) &+ UInt8(ascii: "0")
      }
      (memory + count).update(from: start + position, count: most &- position)
      count &+= most &- position
    }
  }

  /// Appends text in quotes, with escapes where JSON asks for them, and says where it stands without the quotes.
  @inline(__always)
  @discardableResult
  mutating func append(quoted text: String) -> Quoted {
    let isFast: Quoted?? = text.utf8.withContiguousStorageIfAvailable { append(quoted: $0) }
    if case .some(.some(let quoted)) = isFast { return quoted }
    return Array(text.utf8).withUnsafeBufferPointer { append(quoted: $0) }
  }

  /// What has become of a text in quotes.
  struct Quoted: BitwiseCopyable {
    /// Where it stands, escaped, without the quotes.
    var start: Int
    var length: Int
    /// Whether it is all ASCII, with no escapes.
    var isPlain: Bool
  }

  private mutating func append(quoted text: UnsafeBufferPointer<UInt8>) -> Quoted {
    let length = text.count
    reserve(length &+ 2)
    memory[count] = UInt8(ascii: "\"")
    let start = count &+ 1
    var position = 0
    var all: UInt64 = 0
    if let source = UnsafeRawPointer(text.baseAddress) {
      let target = UnsafeMutableRawPointer(memory + start)
      while position &+ 8 <= length {
        let word = source.loadUnaligned(fromByteOffset: position, as: UInt64.self)
        if word.bytesToEscape != 0 { break }
        target.storeBytes(of: word, toByteOffset: position, as: UInt64.self)
        all |= word
        position &+= 8
      }
      while position < length {
        let byte = source.load(fromByteOffset: position, as: UInt8.self)
        if byte.isEscaped { break }
        target.storeBytes(of: byte, toByteOffset: position, as: UInt8.self)
        all |= UInt64(byte)
        position &+= 1
      }
    }
    count = start &+ position
    let isComplete = position == length
    if !isComplete { appendEscaping(UnsafeBufferPointer(rebasing: text[position...])) }
    reserve(1)
    memory[count] = UInt8(ascii: "\"")
    count &+= 1
    return Quoted(
      start: start, length: count &- 1 &- start, isPlain: isComplete && all & 0x8080_8080_8080_8080 == 0)
  }

  @inline(never)
  private mutating func appendEscaping(_ text: UnsafeBufferPointer<UInt8>) {
    // Each byte becomes six at most.
    reserve(text.count * 6)
    for byte in text {
      guard byte.isEscaped else {
        append(byte)
        continue
      }
      append(UInt8(ascii: "\\"))
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(byte)
      case 0x08: append(UInt8(ascii: "b"))
      case 0x09: append(UInt8(ascii: "t"))
      case 0x0a: append(UInt8(ascii: "n"))
      case 0x0c: append(UInt8(ascii: "f"))
      case 0x0d: append(UInt8(ascii: "r"))
      default:
        append("u00")
        append(byte >> 4 &+ UInt8(ascii: "0"))
        append(Self.hexDigits[Int(byte & 0x0f)])
      }
    }
  }

  private static let hexDigits = Array("0123456789abcdef".utf8)

  /// A number that two different texts are unlikely to share. The length must be that of text at `start`.
  @inline(__always)
  func fingerprint(of text: Quoted) -> UInt32 {
    // The slack makes it safe to load a word at any place in the text.
    let first = UnsafeRawPointer(memory).loadUnaligned(fromByteOffset: text.start, as: UInt64.self)
    guard text.length >= 8 else {
      let kept = first & (1 &<< UInt64(truncatingIfNeeded: text.length &* 8) &- 1)
      return kept.folded(with: UInt64(truncatingIfNeeded: text.length))
    }
    let last = UnsafeRawPointer(memory)
      .loadUnaligned(fromByteOffset: text.start &+ text.length &- 8, as: UInt64.self)
    return first.folded(with: last &+ UInt64(truncatingIfNeeded: text.length))
  }
}

extension UInt8 {
  /// Whether JSON text in quotes cannot contain the byte as it is.
  @inline(__always)
  var isEscaped: Bool {
    self < 0x20 || self == UInt8(ascii: "\"") || self == UInt8(ascii: "\\")
  }
}

extension UInt64 {
  /// The top bits of those of the eight bytes that are a quote, a backslash or a control character. Only the lowest bit
  /// is certain, and whether there is one.
  @inline(__always)
  var bytesToEscape: UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    // The subtraction sets a byte's top bit if the byte is smaller than what is subtracted, and may borrow from the next.
    let quotes = self ^ (ones &* UInt64(UInt8(ascii: "\"")))
    let backslashes = self ^ (ones &* UInt64(UInt8(ascii: "\\")))
    let control = (self &- ones &* 0x20) & ~self
    let quote = (quotes &- ones) & ~quotes
    let backslash = (backslashes &- ones) & ~backslashes
    return (control | quote | backslash) & tops
  }

  /// 32 bits that depend on all bits of both.
  @inline(__always)
  func folded(with other: UInt64) -> UInt32 {
    let product = (self ^ 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(by: other ^ 0xd1b5_4a32_d192_ed03)
    let mixed = product.high ^ product.low
    return UInt32(truncatingIfNeeded: mixed ^ (mixed >> 32))
  }
}

/// Makes lines of bytes that come in parts.
struct LineBuffer {
  private let maximumBytes: Int
  private var bytes: [UInt8] = []
  /// Where the next line begins.
  private var start = 0
  /// Up to where no line's end was found.
  private var searched = 0
  /// The rest of a line that was too long is still coming.
  private var isSkipping = false

  init(maximumBytes: Int) {
    self.maximumBytes = maximumBytes
  }

  mutating func append(_ part: some Collection<UInt8>) {
    bytes.removeFirst(start)
    searched -= start
    start = 0
    bytes += part
  }

  /// The next line that has come whole.
  mutating func next() -> LineReader.Line? {
    while let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) {
      defer {
        start = end + 1
        searched = start
        isSkipping = false
      }
      if !isSkipping { return line(bytes[start..<end]) }
    }
    searched = bytes.count
    guard bytes.count - start > maximumBytes || isSkipping else { return nil }
    start = bytes.count
    if isSkipping { return nil }
    isSkipping = true
    return .tooLong
  }

  /// What is left when no more comes.
  mutating func end() -> LineReader.Line? {
    defer { start = bytes.count }
    return start == bytes.count || isSkipping ? nil : line(bytes[start...])
  }

  private func line(_ bytes: ArraySlice<UInt8>) -> LineReader.Line {
    let bytes = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
    guard bytes.count <= maximumBytes else { return .tooLong }
    return String(validating: bytes, as: UTF8.self).map { .text($0) } ?? .garbled
  }
}

import Testing

@testable import PodShareTool

@Suite("Lines of input", .timeLimit(.minutes(1)))
struct LineBufferTests {
  /// What comes of parts, each put in when nothing is left of those before.
  private func lines(_ parts: [[UInt8]], limit: Int = 100) -> [LineReader.Line] {
    var buffer = LineBuffer(maximumBytes: limit)
    var lines: [LineReader.Line] = []
    for part in parts {
      buffer.append(part)
      while let line = buffer.next() { lines.append(line) }
    }
    if let line = buffer.end() { lines.append(line) }
    return lines
  }

  @Test("Lines are the same however their bytes come in", arguments: 1...12)
  func parts(size: Int) {
    let bytes = Array("ab\r\n\nlong line é\nend".utf8)
    let parts = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0...].prefix(size)) }
    #expect(lines(parts) == [.text("ab"), .text(""), .text("long line é"), .text("end")])
  }

  @Test("What is no UTF-8 is said to be so")
  func garbled() {
    #expect(lines([[0xff, 0x0a], Array("ok\n".utf8)]) == [.garbled, .text("ok")])
  }

  @Test("A line that is too long is left out and costs no memory", arguments: 1...12)
  func tooLong(size: Int) {
    let bytes = Array("a\nthis one is too long\nb\n12345678".utf8)
    let parts = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0...].prefix(size)) }
    #expect(lines(parts, limit: 8) == [.text("a"), .tooLong, .text("b"), .text("12345678")])
  }
}

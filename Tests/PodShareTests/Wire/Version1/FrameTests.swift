import NIOCore
import Testing

@testable import PodShare

@Suite("Wire version 1: frames between pods")
struct FrameTests {
  typealias Frame = WireVersion1.Frame

  private func bytes(_ hex: String) -> ByteBuffer {
    let digits = Array(hex.utf8)
    return ByteBuffer(
      bytes: stride(from: 0, to: digits.count, by: 2).compactMap {
        UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
      })
  }

  private func written(_ frame: Frame) throws -> ByteBuffer {
    var buffer = ByteBuffer()
    try frame.write(into: &buffer)
    return buffer
  }

  @Test(
    "a Go pod's frames read as what they say, and write back as the same bytes",
    arguments: [
      ("00000008020005666c616773", Frame.Kind.snapshotRequest),
      ("00000008030005666c616773", .snapshotResponse),
    ])
  func vectors(hex: String, kind: Frame.Kind) throws {
    var buffer = bytes(hex)
    let frame = try #require(try Frame.read(from: &buffer))
    #expect(frame == Frame(kind: kind, topic: "flags"))
    #expect(buffer.readableBytes == 0)
    #expect(try written(frame) == bytes(hex))
  }

  @Test("an event's frame begins as a Go pod's does")
  func eventFrame() throws {
    let head = bytes("000000b6010005666c6167737b2276223a31")
    let event = ByteBuffer(
      string: #"{"v":1"#
        + String(repeating: " ", count: 0xb6 - 3 - "flags".utf8.count - #"{"v":1}"#.utf8.count) + "}")
    let frame = Frame(kind: .event, topic: "flags", payload: event)
    var buffer = try written(frame)
    #expect(buffer.getSlice(at: 0, length: head.readableBytes) == head)
    #expect(try Frame.read(from: &buffer) == frame)
    var cut = head
    #expect(try Frame.read(from: &cut) == nil)
  }

  @Test("frames come in pieces of any size, one behind the other")
  func pieces() throws {
    let frames = [
      Frame(kind: .event, topic: "a", payload: ByteBuffer(string: "{}")),
      Frame(kind: .snapshotRequest, topic: ""),
      Frame(kind: Frame.Kind(rawValue: 200), topic: "é", payload: ByteBuffer(repeating: 7, count: 300)),
    ]
    var all = ByteBuffer()
    for frame in frames { try frame.write(into: &all) }
    for size in 1...all.readableBytes {
      var rest = all
      var buffer = ByteBuffer()
      var read: [Frame] = []
      while rest.readableBytes > 0 {
        guard var piece = rest.readSlice(length: min(size, rest.readableBytes)) else { break }
        buffer.writeBuffer(&piece)
        while let frame = try Frame.read(from: &buffer) { read.append(frame) }
      }
      #expect(read == frames, "in pieces of \(size)")
    }
  }

  @Test(
    "T19: a length under 3 or over 64 MiB is refused at once, not waited for",
    arguments: ["00000000", "00000002", "04000001", "ffffffff"])
  func lengths(hex: String) {
    #expect(throws: WireError.self) {
      var buffer = bytes(hex)
      _ = try Frame.read(from: &buffer)
    }
  }

  @Test(
    "a topic longer than its frame, or that is no UTF-8, is refused",
    arguments: ["00000003010001", "0000000401000180"])
  func topics(hex: String) {
    #expect(throws: WireError.self) {
      var buffer = bytes(hex)
      _ = try Frame.read(from: &buffer)
    }
  }

  @Test("T20: what does not fit into a frame is not begun")
  func tooLarge() throws {
    var buffer = ByteBuffer()
    let payload = ByteBuffer(repeating: 0, count: Frame.maxLength - 3)
    #expect(throws: WireError(.oversized)) {
      try Frame(kind: .event, topic: "t", payload: payload).write(into: &buffer)
    }
    #expect(buffer.readableBytes == 0)
    try Frame(kind: .event, topic: "", payload: payload).write(into: &buffer)
    #expect(try Frame.read(from: &buffer)?.payload.readableBytes == payload.readableBytes)
  }
}

import NIOCore
import Testing

@testable import struct PodShareP2P.Frame
@testable import struct PodShareP2P.FrameError
@testable import struct PodShareP2P.FrameReader

@Suite("Frames out of bytes", .timeLimit(.minutes(1)))
struct FrameReaderTests {
  private func frames(of pieces: [ByteBuffer], maxLength: Int = 1_000) throws -> [Frame] {
    var reader = FrameReader(maxLength: maxLength)
    var frames: [Frame] = []
    for piece in pieces {
      reader.append(piece)
      while let frame = try reader.next() { frames.append(frame) }
    }
    #expect(!reader.isInsideFrame)
    return frames
  }

  private var example: (bytes: ByteBuffer, frames: [Frame]) {
    var bytes = ByteBuffer()
    let frames = [("flags", "one"), ("", ""), ("flags", "\u{1F6A9}"), ("other", "")].map { topic, payload in
      Frame(kind: .message, topic: ByteBuffer(string: topic), payload: ByteBuffer(string: payload))
    }
    for frame in frames {
      bytes.writeFrame(frame.kind, topic: String(buffer: frame.topic), payload: frame.payload)
    }
    return (bytes, frames)
  }

  @Test("Frames come out the same wherever the bytes are cut in two, and byte by byte")
  func cuts() throws {
    let (bytes, expected) = example
    for cut in 0...bytes.readableBytes {
      var rest = bytes
      let first = rest.readSlice(length: cut)
      #expect(try frames(of: [try #require(first), rest]) == expected, "cut at \(cut)")
    }
    #expect(try frames(of: bytes.readableBytesView.map { ByteBuffer(integer: $0) }) == expected)
  }

  @Test("The frames of a Go pod are read, and written byte for byte")
  func goFrames() throws {
    var bytes = ByteBuffer()
    bytes.writeFrame(.snapshotRequest, topic: "flags")
    bytes.writeFrame(.snapshotResponse, topic: "flags")
    let expected: [UInt8] =
      [0, 0, 0, 8, 2, 0, 5] + Array("flags".utf8) + [0, 0, 0, 8, 3, 0, 5] + Array("flags".utf8)
    #expect(bytes == ByteBuffer(bytes: expected))
    #expect(try frames(of: [bytes]).map(\.kind) == [.snapshotRequest, .snapshotResponse])
  }

  @Test(
    "A header that is none is refused as soon as it shows",
    arguments: [[0, 0, 0, 2], [0, 0, 3, 0xe9], [0xff, 0xff, 0xff, 0xff], [0, 0, 0, 3, 1, 0, 1]] as [[UInt8]])
  func badHeaders(bytes: [UInt8]) {
    #expect(throws: FrameError.self) { try frames(of: [ByteBuffer(bytes: bytes)]) }
  }

  @Test(
    "What speaks another protocol is told by its first bytes",
    arguments: [
      ("HTTP/1.1 400 Bad Request", "HTTP"), ("SSH-2.0-OpenSSH_9.6", "SSH"), ("\u{16}\u{3}\u{1}\0", "TLS"),
    ])
  func otherProtocols(text: String, name: String) {
    #expect { try frames(of: [ByteBuffer(string: text)], maxLength: 64 * 1_024 * 1_024) } throws: {
      "\($0)".contains("it speaks \(name)")
    }
  }

  @Test("T19: what a header promises is not reserved")
  func promises() throws {
    var reader = FrameReader(maxLength: 64 * 1_024 * 1_024)
    reader.append(ByteBuffer(bytes: [3, 0xff, 0xff, 0xff, 1, 0, 0]))
    #expect(try reader.next() == nil)
    #expect(reader.isInsideFrame)
    #expect(reader.heldBytes < 1_024)
  }
}

extension FrameReader {
  fileprivate var heldBytes: Int {
    let mirror = Mirror(reflecting: self)
    let rest = mirror.children.first { $0.label == "rest" }?.value as? ByteBuffer
    return rest?.storageCapacity ?? .max
  }
}

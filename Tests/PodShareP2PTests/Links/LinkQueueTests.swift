import NIOCore
import Testing

@testable import struct PodShare.Key
@testable import struct PodShareP2P.Frame
@testable import enum PodShareP2P.FrameLimits
@testable import struct PodShareP2P.FrameReader
@testable import struct PodShareP2P.LinkQueue
@testable import enum PodShareP2P.Parcel

@Suite("What waits to go out on a link", .timeLimit(.minutes(1)))
struct LinkQueueTests {
  /// For the expectations, which cannot call what mutates.
  private final class Lane {
    var queue: LinkQueue

    init(bytes: Int, messages: Int) { queue = LinkQueue(limits: .init(bytes: bytes, messages: messages)) }

    func add(_ parcel: Parcel) -> Bool { queue.add(parcel) }
    func next() -> LinkQueue.Piece? { queue.next() }
  }

  private func small(_ text: String, count: Int = 1) -> Parcel {
    var bytes = ByteBuffer()
    bytes.writeFrame(.message, topic: "t", payload: ByteBuffer(string: text))
    return .frames(Parcel.Frames(topic: Key("t"), isForGoPods: false, bytes: bytes, count: count))
  }

  private func large(_ count: Int) -> Parcel {
    .large(Key("t"), ByteBuffer(repeating: 9, count: count), isForGoPods: true)
  }

  private func frames(_ queue: Lane) throws -> [Frame] {
    var reader = FrameReader(maxLength: FrameLimits.linkFrameBytes)
    var frames: [Frame] = []
    while let piece = queue.next() {
      if let header = piece.header { reader.append(header) }
      reader.append(piece.bytes)
      while let frame = try reader.next() { frames.append(frame) }
    }
    return frames
  }

  @Test("A small message overtakes the parts of a large one that are still there")
  func overtaking() throws {
    let queue = Lane(bytes: 1_000_000, messages: 10)
    #expect(queue.add(large(150_000)))
    let first = try #require(queue.next())
    #expect(first.bytes.readableBytes == FrameLimits.partBytes)
    #expect(queue.add(small("quick")))
    let frames = try frames(queue)
    #expect(frames.map(\.kind) == [.message, .part, .lastPart])
    #expect(frames.map(\.payload.readableBytes).reduce(first.bytes.readableBytes, +) == 150_000 + 5)
    #expect(queue.queue.isEmpty && queue.queue.bytes == 0 && queue.queue.messages == 0)
    #expect(queue.queue.taken == queue.queue.added)
  }

  @Test("For a Go pod a large message is one frame")
  func wholeForGoPods() throws {
    let queue = Lane(bytes: 1_000_000, messages: 10)
    queue.queue.splitsLargeMessages = false
    #expect(queue.add(large(150_000)))
    let piece = try #require(queue.next())
    var reader = FrameReader(maxLength: 64 * 1_024 * 1_024)
    reader.append(try #require(piece.header))
    reader.append(piece.bytes)
    let next = try reader.next()
    let frame = try #require(next)
    #expect(frame.kind == .message && frame.payload.readableBytes == 150_000)
    #expect(queue.queue.isEmpty)
  }

  @Test("A full queue refuses, an empty one takes anything")
  func limits() {
    let queue = Lane(bytes: 100, messages: 2)
    #expect(queue.add(large(200_000)))
    #expect(!queue.add(small("no room")))
    while queue.next() != nil {}
    #expect(queue.add(small("one")))
    #expect(queue.add(small("two")))
    #expect(!queue.add(small("three")))
    queue.queue.removeAll()
    #expect(queue.queue.isEmpty && queue.queue.taken == queue.queue.added)
    #expect(queue.add(small("four", count: 5)))
  }
}

import NIOCore
import PodShare
import Testing

@testable import PodShareRedis

@Suite("What waits to be published")
struct PublishQueueTests {
  private static func queue(bytes: Int = 1_000_000, messages: Int = 1_000) -> PublishQueue {
    let queue = PublishQueue(limits: .init(bytes: bytes, messages: messages))
    queue.enter(.connected)
    return queue
  }

  private static func message(_ bytes: Int) -> ByteBuffer { ByteBuffer(repeating: 0x78, count: bytes) }

  @Test("Small messages travel together, as the server reads them; large ones are not copied")
  func parcels() {
    let queue = Self.queue()
    #expect(queue.add(ByteBuffer(string: "one"), to: "c") == .addedFirst)
    #expect(queue.add(ByteBuffer(string: "two"), to: "channel") == .added)
    #expect(queue.add(Self.message(20_000), to: "c") == .added)
    #expect(queue.add(ByteBuffer(string: "three"), to: "c") == .added)
    let parcels = queue.take()
    #expect(parcels.map(\.count) == [2, 1, 1])
    #expect(
      parcels[0].buffers.map { String(buffer: $0) } == [
        "*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n$3\r\none\r\n*3\r\n$7\r\nPUBLISH\r\n$7\r\nchannel\r\n$3\r\ntwo\r\n"
      ])
    #expect(parcels[1].buffers.map(\.readableBytes) == [32, 20_000, 2])
    #expect(queue.take().isEmpty)
    #expect(queue.add(ByteBuffer(string: "four"), to: "c") == .addedFirst)
  }

  @Test("P7: what is on its way counts until the server has answered; an empty queue takes anything")
  func bounds() {
    let queue = Self.queue(bytes: 100, messages: 3)
    #expect(queue.add(Self.message(1_000), to: "c") == .addedFirst)
    #expect(queue.add(Self.message(1), to: "c") == .full)
    _ = queue.take()
    #expect(queue.add(Self.message(1), to: "c") == .full, "it is not answered")
    queue.answered(count: 1, bytes: 1_000)
    for _ in 0..<3 { #expect(queue.add(Self.message(10), to: "c") != .full) }
    #expect(queue.add(Self.message(10), to: "c") == .full)
    #expect(queue.accepted == 4)
  }

  @Test("Without a connection nothing is taken, and what is there stays")
  func disconnected() {
    let queue = Self.queue()
    _ = queue.add(Self.message(1), to: "c")
    queue.enter(.disconnected)
    #expect(queue.add(Self.message(1), to: "c") == .disconnected)
    queue.enter(.connected)
    #expect(queue.add(Self.message(1), to: "c") == .added)
    #expect(queue.take().map(\.count) == [2])
    queue.enter(.closed)
    queue.enter(.connected)
    #expect(queue.add(Self.message(1), to: "c") == .disconnected)
  }
}

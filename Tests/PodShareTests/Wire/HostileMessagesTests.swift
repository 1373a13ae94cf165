import NIOCore
import PodShareTestKit
import Testing

@testable import PodShare

@Suite("P8: bad messages change nothing", .timeLimit(.minutes(1)))
struct HostileMessagesTests {
  @Test("T14: unknown kinds, {}, null, nothing: refused and reported, no key appears")
  func kinds() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    let watch = a.store.watch()
    let raw = RawPod(on: network)
    let messages: [ByteBuffer] = [
      ByteBuffer(), ByteBuffer(string: "{}"), ByteBuffer(string: "null"), ByteBuffer(string: "\"\""),
      ByteBuffer(string: #"{"kind":"touch","key":"k"}"#), ByteBuffer(bytes: [2]), ByteBuffer(bytes: [2, 99]),
      ByteBuffer(bytes: [3, 1]),
    ]
    for message in messages { raw.send(message) }
    #expect(a.store.statistics.invalidMessages == UInt64(messages.count))
    #expect(a.errors.codes == Array(repeating: .invalidMessage, count: messages.count))
    #expect(a.store.keys == [])
    #expect(a.store[""] == nil)
    try await a.store.close()
    for try await _ in watch { Issue.record("nothing happened") }
  }

  @Test("P8: on every topic a pod listens to, and with a pod that goes on working")
  func everyTopic() async throws {
    let network = MemoryNetwork()
    let (a, b) = try await network.pods(of: Int.self)
    let topics = ["topic", Names.syncTopic(of: "topic"), Names.inbox(of: a.store.core.identity, on: "topic")]
    for topic in topics {
      let before = a.store.statistics.invalidMessages
      RawPod(on: network, topic: topic).send(ByteBuffer(string: "garbage"))
      #expect(a.store.statistics.invalidMessages == before + 1)
    }
    try a.store.set("k", to: 1)
    #expect(b.store["k"] == 1)
  }

  @Test("P8: a message cut at any length changes nothing", arguments: [false, true])
  func truncated(isState: Bool) async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    var raw = RawPod(on: network)
    let message = isState ? try state(by: raw) : raw.set("k", to: "1", at: .now())
    for length in 0..<message.readableBytes {
      raw.send(message.getSlice(at: 0, length: length) ?? ByteBuffer())
    }
    #expect(a.store.statistics.invalidMessages == UInt64(message.readableBytes))
    #expect(a.store.core.table.snapshot().dictionary.isEmpty)
    raw.send(message)
    #expect(a.store["k"] == 1)
  }

  @Test("P8: a message with a flipped bit is applied only if it is still a message, and then as it reads")
  func flipped() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true) { $0.maxClockSkew = .zero }
    var raw = RawPod(on: network)
    let message = raw.set("key", to: "1", at: .now())
    for bit in 0..<8 * message.readableBytes {
      var damaged = message
      let byte: UInt8 = message.getInteger(at: bit / 8) ?? 0
      damaged.setInteger(byte ^ (1 << (bit % 8)), at: bit / 8)
      let before = a.store.core.table.snapshot().dictionary.mapValues(\.version)
      let invalid = a.store.statistics.invalidMessages
      raw.send(damaged)
      let after = a.store.core.table.snapshot().dictionary.mapValues(\.version)
      if case .write(let write)? = try? WireDecoder.decode(damaged) {
        let changed = after.filter { before[$0.key] != $0.value }
        #expect(
          changed.allSatisfy { key, version in
            write.entries.contains { $0.key == key && $0.version == version }
          })
        #expect(a.store.statistics.invalidMessages == invalid)
      } else {
        #expect(after == before, "bit \(bit)")
        #expect(a.store.statistics.invalidMessages == invalid + 1, "bit \(bit)")
      }
    }
    try a.store.set("key", to: 2)
    #expect(a.store["key"] == 2)
  }

  @Test("P8: reports of one pod's bad messages are limited, those of others are not swallowed with them")
  func rateLimit() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true) { $0.time = clock.time }
    func bad(_ nodeID: String) {
      var raw = RawPod(nodeID, on: network)
      raw.send(raw.set("k", to: "1", at: Timestamp(nanoseconds: -1)))
    }
    for _ in 0..<100 { bad("noisy") }
    #expect(a.errors.count(of: .invalidMessage) == 10)
    #expect(a.store.statistics.errors == 100)
    #expect(a.store.statistics.invalidMessages == 100)
    bad("quiet")
    #expect(a.errors.all.last?.peer == "quiet")
    clock.jump(by: .seconds(10))
    bad("noisy")
    #expect(a.errors.count(of: .invalidMessage) == 12)
    // A clock that is set back must not silence it.
    for _ in 0..<20 { bad("noisy") }
    clock.jump(by: .seconds(-1_000))
    bad("noisy")
    #expect(a.errors.count(of: .invalidMessage) == 22)
  }

  @Test("P7: a flood of made-up origins does not grow the memory of reports, and some are still reported")
  func manyOrigins() async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true) { $0.time = clock.time }
    for index in 0..<3_000 {
      var raw = RawPod("pod \(index)", on: network)
      raw.send(raw.set("k", to: "1", at: Timestamp(nanoseconds: -1)))
    }
    #expect(a.store.statistics.errors == 3_000)
    #expect((1_024...1_100).contains(a.errors.all.count))
  }

  @Test("P8: state with a bad checksum changes nothing")
  func checksum() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    let raw = RawPod(on: network)
    var chunk = try state(by: raw)
    let middle = chunk.readableBytes / 2
    chunk.setInteger((chunk.getInteger(at: middle) ?? UInt8(0)) ^ 1, at: middle)
    raw.send(chunk)
    #expect(a.store.core.table.snapshot().dictionary.isEmpty)
    #expect(a.errors.codes == [.invalidMessage])
  }

  private func state(by raw: RawPod) throws -> ByteBuffer {
    var chunks: [ByteBuffer] = []
    var encoder = StateEncoder(sender: raw.identity, answer: nil, isSettled: true) { chunks.append($0) }
    try encoder.set(
      Key("k"), version: Version(timestamp: .now(), author: raw.identity, sequence: 5_000), epoch: .beginning
    ) { $0.writeString("1") }
    encoder.finish()
    return chunks[0]
  }
}

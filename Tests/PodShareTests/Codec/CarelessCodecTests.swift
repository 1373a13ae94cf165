import NIOCore
import PodShare
import PodShareTestKit
import Testing

/// A codec is to append to the buffer that it is given; it is easy to do something else with it.
@Suite("Codecs that do more than append", .timeLimit(.minutes(1)))
struct CarelessCodecTests {
  enum Habit: CaseIterable {
    case replaces, clears, rewinds, movesTheReader
  }

  private struct CarelessCodec: Codec {
    let habit: Habit

    func encode(_ value: [UInt8], into buffer: inout ByteBuffer) {
      switch habit {
      case .replaces: buffer = ByteBuffer(bytes: value)
      case .clears:
        buffer.clear()
        buffer.writeBytes(value)
      case .rewinds:
        buffer.moveWriterIndex(to: 0)
        buffer.writeBytes(value)
      case .movesTheReader:
        buffer.writeInteger(UInt32(value.count))
        buffer.writeBytes(value)
        buffer.moveReaderIndex(forwardBy: 4)
      }
    }

    func decode(_ bytes: ByteBuffer) -> [UInt8] { Array(bytes.readableBytesView) }
  }

  // One that is longer than all that a message has before the value, and like a message's beginning.
  private static let values: [[UInt8]] = [[], [7], Array(repeating: 2, count: 1_000)]

  @Test(
    "What such a codec leaves in the buffer is the value, alone, in a batch and in a state",
    arguments: Habit.allCases)
  func careless(habit: Habit) async throws {
    let network = MemoryNetwork()
    let configuration = StoreConfiguration(codec: CarelessCodec(habit: habit))
    let a = try await network.pod("a", isFirst: true, configuration: configuration)
    let b = try await network.pod("b", configuration: configuration)
    for (index, value) in Self.values.enumerated() {
      try a.store.set("\(index)", to: value)
      try a.store.setMany(["\(index) first": value, "\(index) second": value])
    }
    let late = try await network.pod("late", configuration: configuration)
    for pod in [a, b, late] {
      for (index, value) in Self.values.enumerated() {
        #expect(["", " first", " second"].allSatisfy { pod.store["\(index)\($0)"] == value })
      }
      #expect(pod.errors.all.isEmpty)
    }
  }

  @Test("An error of a codec's that has the whole value in it is cut short")
  func longError() {
    struct Refusal: Error, CustomStringConvertible {
      let description = String(repeating: "secret ", count: 100_000)
    }
    struct RefusingCodec: Codec {
      func encode(_ value: String, into buffer: inout ByteBuffer) throws { throw Refusal() }
      func decode(_ bytes: ByteBuffer) -> String { String(buffer: bytes) }
    }
    let network = MemoryNetwork()
    do {
      let store = try Store(
        "topic", over: MemoryTransport(on: network), configuration: StoreConfiguration(codec: RefusingCodec())
      )
      try store.set("k", to: "v")
      Issue.record("it was written")
    } catch {
      let text = "\(error)"
      #expect(text.contains("secret") && text.contains("700000 bytes"))
      #expect(text.utf8.count < 2_000)
    }
  }
}

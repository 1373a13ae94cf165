import PodShareTestKit
import Testing

@testable import PodShare

extension EventQueue {
  fileprivate mutating func append(_ event: Event<Value>) -> Bool { append([SharedEvent(event)]) }
}

@Suite("EventQueue")
struct EventQueueTests {
  private func event(_ key: String, _ value: Int) -> Event<Int> {
    let version = Version(
      timestamp: Timestamp(nanoseconds: Int64(value)), author: PodIdentity(nodeID: "a", incarnation: 0),
      sequence: UInt64(value))
    return Event(
      change: .set(value), key: key, origin: "a", timestamp: version.timestamp, version: version)
  }

  private func drain(_ queue: inout EventQueue<Int>) -> [Int?] {
    var values: [Int?] = []
    var spent = EventQueue<Int>.Events()
    while let event = queue.popFirst(&spent) { values.append(event.event.change.value) }
    return values
  }

  @Test("Bounded: first in, first out, and no more than the bound")
  func bounded() {
    var queue = EventQueue<Int>(buffering: .bounded(3))
    #expect(queue.isEmpty)
    let kept = (1...5).map { queue.append(event("k", $0)) }
    #expect(kept == [true, true, true, false, false])
    #expect(drain(&queue) == [1, 2, 3])
    #expect(queue.isEmpty)
    let again = queue.append(event("k", 6))
    #expect(again)
  }

  @Test("A bound of less than one is one")
  func leastBound() {
    var queue = EventQueue<Int>(buffering: .bounded(-5))
    let kept = (1...2).map { queue.append(event("k", $0)) }
    #expect(kept == [true, false])
  }

  @Test("Newest per key: a key keeps its place and changes its event")
  func newestPerKey() {
    var queue = EventQueue<Int>(buffering: .newestPerKey)
    for (key, value) in [("a", 1), ("b", 2), ("a", 3), ("c", 4), ("b", 5)] {
      let kept = queue.append(event(key, value))
      #expect(kept)
    }
    #expect(drain(&queue) == [3, 5, 4])
    _ = queue.append(event("b", 6))
    _ = queue.append(event("a", 7))
    #expect(drain(&queue) == [6, 7])
  }

  @Test("FIFO behaves as an array", arguments: 0..<20 as Range<UInt64>)
  func fifo(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var fifo = FIFO<Int>()
    var model: [Int] = []
    for step in 0..<3_000 {
      // Long runs of either, so that it grows, shrinks and is compacted.
      let appends = (step / 200).isMultiple(of: 2) ? 3 : 1
      if Int.random(in: 0..<4, using: &generator) < appends {
        fifo.append(step)
        model.append(step)
      } else {
        let popped = fifo.popFirst()
        let expected = model.isEmpty ? nil : model.removeFirst()
        if popped != expected { Issue.record("seed \(seed), step \(step): \(popped as Any)") }
      }
      if fifo.count != model.count { Issue.record("seed \(seed), step \(step): count \(fifo.count)") }
    }
  }

  @Test("FIFO lets go of what was taken out")
  func release() {
    final class Object {}
    var fifo = FIFO<Object>()
    weak var first: Object?
    do {
      let object = Object()
      first = object
      fifo.append(object)
    }
    fifo.append(Object())
    #expect(first != nil)
    _ = fifo.popFirst()
    #expect(first == nil)
    #expect(fifo.count == 1)
  }
}

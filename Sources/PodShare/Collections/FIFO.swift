/// First in, first out; both in constant time, amortised.
struct FIFO<Element> {
  private var slots: [Element?] = []
  private var head = 0

  var count: Int { slots.count - head }

  /// All of them, the first in front. O(count).
  var elements: [Element] { slots[head...].compactMap { $0 } }

  mutating func append(_ element: Element) {
    slots.append(element)
  }

  /// The first, which may be changed where it is.
  var first: Element? {
    get { head < slots.count ? slots[head] : nil }
    _modify {
      precondition(head < slots.count, "nothing is there")
      yield &slots[head]
    }
  }

  mutating func popFirst() -> Element? {
    guard head < slots.count else { return nil }
    defer {
      slots[head] = nil
      head += 1
      if head == slots.count {
        slots.removeAll(keepingCapacity: head <= 64)
        head = 0
      } else if head >= 64, head * 2 >= slots.count {
        slots.removeFirst(head)
        head = 0
      }
    }
    return slots[head]
  }
}

extension FIFO: Sendable where Element: Sendable {}

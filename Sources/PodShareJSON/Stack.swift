/// Elements that come and go at the end. Unlike in an array, one is changed in place without any checks of ownership.
///
/// Unsafe code with these invariants: `memory` is allocated with `capacity` elements and belongs to this value alone; the
/// first `count` are initialised; elements are trivial, so that nothing has to be destroyed.
struct Stack<Element: BitwiseCopyable>: ~Copyable {
  private var memory: UnsafeMutablePointer<Element>
  private var capacity: Int
  private(set) var count = 0

  init(capacity: Int) {
    self.capacity = capacity
    memory = .allocate(capacity: capacity)
  }

  deinit {
    memory.deallocate()
  }

  subscript(index: Int) -> Element {
    @inline(__always) _read {
      precondition(index >= 0 && index < count)
      yield memory[index]
    }
    @inline(__always) _modify {
      precondition(index >= 0 && index < count)
      yield &memory[index]
    }
  }

  @inline(__always)
  mutating func append(_ element: Element) {
    if count == capacity { grow() }
    (memory + count).initialize(to: element)
    count &+= 1
  }

  @inline(never)
  private mutating func grow() {
    let new = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
    new.moveInitialize(from: memory, count: count)
    memory.deallocate()
    memory = new
    capacity *= 2
  }

  mutating func removeAll(from index: Int) {
    precondition(index >= 0 && index <= count)
    count = index
  }

  /// Whether the memory is small enough to be kept for the next value.
  var isSmall: Bool { capacity <= 4_096 }
}

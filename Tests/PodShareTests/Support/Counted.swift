import Synchronization

/// A value that says when it is freed.
final class Counted: Sendable {
  /// How many there are.
  final class Census: Sendable {
    private let made = Atomic<Int>(0)
    private let freed = Atomic<Int>(0)

    var all: Int { made.load(ordering: .sequentiallyConsistent) }
    var alive: Int { all - freed.load(ordering: .sequentiallyConsistent) }

    func new(_ number: Int = 0) -> Counted { Counted(number, in: self) }

    fileprivate func enter() { made.wrappingAdd(1, ordering: .sequentiallyConsistent) }
    fileprivate func leave() { freed.wrappingAdd(1, ordering: .sequentiallyConsistent) }
  }

  let number: Int
  private let census: Census
  /// Overwritten when it is freed, so that whoever still looks at it sees that.
  private let mark = Atomic<Int>(1)

  fileprivate init(_ number: Int, in census: Census) {
    self.number = number
    self.census = census
    census.enter()
  }

  var isAlive: Bool { mark.load(ordering: .relaxed) == 1 }

  deinit {
    mark.store(0, ordering: .relaxed)
    census.leave()
  }
}

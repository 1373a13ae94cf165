/// What is going to happen, by virtual time; at equal times in the order in which it was scheduled.
struct Schedule<Happening> {
  fileprivate struct Item {
    var time: Duration
    var number: UInt64
    var happening: Happening

    func precedes(_ other: Item) -> Bool {
      (time, number) < (other.time, other.number)
    }
  }

  // A binary heap, the earliest in front.
  private var items: [Item] = []
  private var lastNumber: UInt64 = 0

  var nextTime: Duration? { items.first?.time }

  mutating func add(_ happening: Happening, at time: Duration) {
    lastNumber += 1
    add(Item(time: time, number: lastNumber, happening: happening))
  }

  private mutating func add(_ item: Item) {
    items.append(item)
    var index = items.count - 1
    while index > 0, items[index].precedes(items[(index - 1) / 2]) {
      items.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  /// Takes out all that matches, in the order in which it was to happen. O(n log n).
  mutating func takeAll(where matches: (Happening) -> Bool) -> [Happening] {
    let all = items
    items = []
    var taken: [Item] = []
    for item in all {
      if matches(item.happening) {
        taken.append(item)
      } else {
        add(item)
      }
    }
    return taken.sorted { $0.precedes($1) }.map(\.happening)
  }

  mutating func popFirst() -> Happening? {
    guard let first = items.first else { return nil }
    let last = items.removeLast()
    guard !items.isEmpty else { return first.happening }
    items[0] = last
    var index = 0
    while true {
      let children = [2 * index + 1, 2 * index + 2].filter { $0 < items.count }
      guard let least = children.min(by: { items[$0].precedes(items[$1]) }),
        items[least].precedes(items[index])
      else { return first.happening }
      items.swapAt(index, least)
      index = least
    }
  }
}

extension Schedule: Sendable where Happening: Sendable {}
extension Schedule.Item: Sendable where Happening: Sendable {}

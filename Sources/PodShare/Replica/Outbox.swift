/// What a replica wants done, in order. The shell around it takes the actions out and performs them, outside its lock.
package struct Outbox<Value: Sendable>: Sendable {
  package enum Action: Sendable {
    /// Send a local write to all pods.
    case publish(WriteEncoder, WriteStamp)
    /// Send to all pods the entries of the keys that `takeUnsent()` returns by then, as they are in the table.
    case publishUnsent
    /// Ask all pods for what they hold.
    case requestState(StateRequest)
    /// Send everything to the pod that asked.
    case answer(StateRequest)
    /// Tell the watchers.
    case tell(Event<Value>)
    /// A pod's whole answer to the present request has been merged.
    case answered
    /// Some pod's whole state has been merged, for the first time.
    case caughtUp
    /// Report an error that nobody is waiting for.
    case report(StoreError)
  }

  package private(set) var actions: [Action] = []
  /// How many events there ever were: the position of the next one.
  package private(set) var eventCount: UInt64 = 0
  /// Entries that were replaced, kept until the lock has been left: freeing a value may run the user's code.
  private var retired: [StoredEntry<Value>] = []

  package init() {}

  package var count: Int { actions.count }

  package var isEmpty: Bool { actions.isEmpty && retired.isEmpty }

  package mutating func append(_ action: Action) {
    actions.append(action)
    if case .tell = action { eventCount += 1 }
  }

  package mutating func retire(_ entry: StoredEntry<Value>) {
    retired.append(entry)
  }

  /// Takes everything out.
  package mutating func takeAll() -> Contents {
    let contents = Contents(actions: actions, endOfEvents: eventCount, retired: retired)
    actions = []
    retired = []
    return contents
  }

  package struct Contents: Sendable {
    package let actions: [Action]
    /// The position after that of the last event among the actions.
    private let endOfEvents: UInt64
    private let retired: [StoredEntry<Value>]

    fileprivate init(actions: [Action], endOfEvents: UInt64, retired: [StoredEntry<Value>]) {
      self.actions = actions
      self.endOfEvents = endOfEvents
      self.retired = retired
    }

    /// The position of the first event among the actions. O(actions).
    package var firstEvent: UInt64 {
      actions.reduce(endOfEvents) { if case .tell = $1 { $0 - 1 } else { $0 } }
    }
  }
}

/// What a replica wants done, in order. The shell around it takes the actions out and performs them, outside its lock.
package struct Outbox<Value: Sendable>: Sendable {
  package enum Action: Sendable {
    /// Send a local write to all pods.
    case publish(WriteEncoder, WriteStamp)
    /// Send to all pods the entries of the keys that `takeUnsent()` returns by then, as they are in the table.
    case publishUnsent
    /// Tell a pod something, or everybody.
    case send(SyncMessage.Content, to: PodIdentity?)
    /// Ask a pod for everything it holds.
    case requestState(StateRequest, from: PodIdentity)
    /// Send everything to the pod that asked.
    case answer(StateRequest)
    /// Answer a pod's request with what is under some keys; `closing` is what it has taken in with that.
    case answerWith([Key], request: UInt64, closing: CausalContext, to: PodIdentity)
    /// Send a pod what is under some keys, because it seems to lack it.
    case push([Key], hop: UInt8, to: PodIdentity)
    /// Call `wake` after a short time.
    case wake
    /// Call `lookedAround` after a short time, by which whoever is there has answered.
    case lookAround
    /// Tell the watchers.
    case tell(Event<Value>)
    /// Another pod has been compared with since the request with this number.
    case answered(search: Int)
    /// For the first time this pod holds what another held.
    case caughtUp
    /// Another pod has everything that was written here.
    case confirmed
    /// Who is there has changed, or who is caught up.
    case membersChanged
    /// Report an error that nobody is waiting for.
    case report(StoreError)
  }

  private var queue = FIFO<Action>()
  /// How many events there ever were: the position of the next one.
  package private(set) var eventCount: UInt64 = 0
  /// How many of them have been taken out.
  private var eventsTaken: UInt64 = 0
  /// Whether `membersChanged` is among the actions.
  private var tellsOfMembers = false
  /// Entries that were replaced, kept until the lock has been left: freeing a value may run the user's code.
  private var retired: [StoredEntry<Value>] = []

  package init() {}

  package var count: Int { queue.count }

  /// What has not been taken out. O(actions): for tests.
  package var actions: [Action] { queue.elements }

  package var isEmpty: Bool { queue.count == 0 && retired.isEmpty }

  package mutating func append(_ action: Action) {
    if case .membersChanged = action {
      // Once is enough: whoever performs it looks who is there by then.
      guard !tellsOfMembers else { return }
      tellsOfMembers = true
    }
    queue.append(action)
    if case .tell = action { eventCount += 1 }
  }

  package mutating func retire(_ entry: StoredEntry<Value>) {
    retired.append(entry)
  }

  /// Takes out the first actions, `limit` of them at most.
  package mutating func take(limit: Int = .max) -> Contents {
    var contents = Contents(firstEvent: eventsTaken, retired: retired)
    retired = []
    while contents.actions.count < limit, let action = queue.popFirst() {
      if case .tell = action { eventsTaken += 1 }
      if case .membersChanged = action { tellsOfMembers = false }
      contents.actions.append(action)
    }
    return contents
  }

  package struct Contents: Sendable {
    package fileprivate(set) var actions: [Action] = []
    /// The position of the first event among the actions.
    package let firstEvent: UInt64
    private let retired: [StoredEntry<Value>]

    fileprivate init(firstEvent: UInt64, retired: [StoredEntry<Value>]) {
      self.firstEvent = firstEvent
      self.retired = retired
    }
  }
}

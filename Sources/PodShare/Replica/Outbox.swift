package import NIOCore

/// What a replica wants done, in order. The shell around it takes the actions out and performs them, outside its lock.
package struct Outbox<Value: Sendable>: Sendable {
  /// What is rare and large is boxed: every action has the room of the largest.
  package enum Action: Sendable {
    /// Send a local write to all pods: the whole message.
    case publish(ByteBuffer)
    /// Send to all pods the entries of the keys that `takeUnsent()` returns by then, as they are in the table.
    case publishUnsent
    /// Tell a pod something, or everybody.
    indirect case send(SyncMessage.Content, to: PodIdentity?)
    /// Ask a pod for everything it holds.
    indirect case requestState(StateRequest, from: PodIdentity)
    /// Send everything to the pod that asked.
    indirect case answer(StateRequest)
    /// Answer a pod's request with what is under some keys; `closing` is what it has taken in with that.
    indirect case answerWith([Key], request: UInt64, closing: CausalContext, to: PodIdentity)
    /// Send a pod what is under some keys, because it seems to lack it.
    indirect case push([Key], hop: UInt8, to: PodIdentity)
    /// Call `wake` after a short time.
    case wake
    /// Call `look(others:)` after that time, in which others may answer.
    case look(after: Duration)
    /// Another pod has been compared with since the request with this number.
    case answered(search: Int)
    /// For the first time this pod holds what another held.
    case caughtUp
    /// Another pod has everything that was written here.
    case confirmed
    /// Who is there has changed, or who is caught up.
    case membersChanged
    /// Report an error that nobody is waiting for.
    indirect case report(StoreError)
  }

  private var contents = Contents()
  /// How many events there ever were: the position of the next one.
  package private(set) var eventCount: UInt64 = 0
  /// Whether anybody wants to be told. If nobody does, events are only counted.
  package var isWatched = true
  /// Whether `membersChanged` is among the actions.
  private var tellsOfMembers = false

  package init() {}

  /// How many actions and events there are.
  package var count: Int { contents.count }

  package var isEmpty: Bool { contents.isEmpty }

  /// What has not been taken out. O(actions): for tests.
  package var actions: [Action] { contents.actions.compactMap { $0 } }

  package mutating func append(_ action: Action) {
    if case .membersChanged = action {
      // Once is enough: whoever performs it looks who is there by then.
      guard !tellsOfMembers else { return }
      tellsOfMembers = true
    }
    contents.actions.append(action)
  }

  /// Has a local write sent to all pods. The same as to append it, but for a reference that nobody needs.
  package mutating func publish(_ message: consuming ByteBuffer) {
    contents.actions.append(.publish(message))
  }

  /// Has watchers told of a change.
  // Inlined, lest what the event is made of is copied for a closure that mostly nobody calls.
  @inline(__always)
  package mutating func tell(_ event: @autoclosure () -> Event<Value>) {
    if isWatched { contents.events.append(SharedEvent(event(), at: eventCount)) }
    eventCount += 1
  }

  /// Keeps a value that was replaced until the lock has been left: freeing one may run the user's code.
  package mutating func retire(_ value: Value) {
    contents.retired.append(value)
  }

  /// Takes everything out.
  ///
  /// - Parameter spare: Contents that were cleared, whose memory is used for what comes.
  package mutating func take(leaving spare: consuming Contents = Contents()) -> Contents {
    tellsOfMembers = false
    var contents = spare
    swap(&contents, &self.contents)
    return contents
  }

  package struct Contents: Sendable {
    /// What watchers are to be told, in order, before the actions are performed.
    package fileprivate(set) var events: [SharedEvent<Value>] = []
    /// Those that were taken out leave a gap.
    fileprivate var actions: [Action?] = []
    private var actionsTaken = 0
    fileprivate var retired: [Value] = []

    package init() {}

    /// How many actions and events there are.
    package var count: Int { events.count + actions.count - actionsTaken }

    package var isEmpty: Bool { count == 0 && retired.isEmpty }

    /// The next action; nil after the last.
    package mutating func takeAction() -> Action? {
      guard actionsTaken < actions.count else { return nil }
      defer { actionsTaken += 1 }
      // Moved out: copying it takes longer.
      var action: Action?
      swap(&action, &actions[actionsTaken])
      return action
    }

    /// Lets go of the events, which need not be told any more.
    package mutating func eventsAreTold() {
      events.empty(keeping: Self.mostKept)
    }

    /// Lets go of everything but a moderate amount of memory.
    package mutating func clear() {
      eventsAreTold()
      actions.empty(keeping: Self.mostKept)
      retired.empty(keeping: Self.mostKept)
      actionsTaken = 0
    }

    private static var mostKept: Int { 256 }
  }
}

import NIOConcurrencyHelpers
import Synchronization

/// The visible changes of a store on their way to those who watch it.
///
/// Whoever applies a change appends it, which takes as long whether a hundred watch or one. The events that have gathered
/// are handed to the watchers together, by whoever takes it on to be the *distributor*: one at a time, and until there are
/// none left. That is
/// - a consumer that asks for its next event, has none waiting, and finds some here;
/// - a task, woken when somebody waits for an event that has come;
/// - whoever appends, if there are but a few watchers, or if so many events have gathered that they might be more than some
///   watcher has room for.
///
/// So a consumer that is awake gets its events without anybody being woken, and what a writer has to do for watchers who
/// sleep is to wake one task.
final class EventLog: Sendable {
  /// Events that nobody asks for are gathered up to this number.
  private static let mostGathered = 128

  private static let crowd = 8_192
  /// Waking so many takes no longer than waking a task that wakes them.
  private static let few = 2

  private enum Distributor {
    case none
    /// A task that has not begun yet: whoever comes first takes its place.
    case woken
    case working
  }

  private struct State {
    var gathered = EventBatch()
    var distributor = Distributor.none
    var watchers = WatcherIndex()
    /// Those for whose next event somebody waits, or did a moment ago.
    var awaited = WatcherIndex()
    /// How many more events the watcher with the least room was known to have room for.
    var room = Int.max
    var dropped: UInt64 = 0
    var isFinished = false

    mutating func forget(_ watcher: Watcher) {
      watchers.remove(watcher)
      awaited.remove(watcher)
    }

    /// What somebody must do now that an event has been added.
    mutating func need(after event: SharedEvent<ErasedValue>) -> Need {
      guard distributor != .working else { return .nothing }
      if gathered.count > min(room, EventLog.mostGathered) {
        distributor = .working
        return .distributor
      }
      guard distributor == .none, awaited.areAny(for: event.key) else { return .nothing }
      guard watchers.count > EventLog.few else {
        distributor = .working
        return .distributor
      }
      distributor = .woken
      return .task
    }

    /// Makes the caller the distributor, if there is none, with what it is to do first.
    mutating func claimDistribution() -> Work {
      guard distributor != .working else { return .none }
      distributor = .working
      return nextWork()
    }

    /// What the distributor is to do next. If that is no batch, it is the distributor no longer.
    mutating func nextWork() -> Work {
      guard gathered.count == 0 else {
        room = .max
        return .batch(gathered.takeAll(), watchers)
      }
      distributor = .none
      guard isFinished else { return .none }
      defer { watchers = WatcherIndex() }
      return .end(watchers.all)
    }
  }

  private enum Work {
    case none
    /// To hand out events.
    case batch(EventBatch, WatcherIndex)
    /// To end watches.
    case end([Watcher])
  }

  private enum Need {
    case nothing, task, distributor
  }

  private let state = NIOLockedValueBox(State())
  /// Whether more has gathered than the distributor keeps up with: known without a lock.
  private let crowded = Atomic<Bool>(false)
  /// Whether there are watchers: known without a lock. It changes under the lock.
  private let watched = Atomic<Bool>(false)
  /// Whether events have gathered: known without a lock. It changes under the lock.
  private let hasGathered = Atomic<Bool>(false)
  private let onFellBehind: @Sendable () -> Void

  /// - Parameter onFellBehind: Called for each watcher that is cut off, by the distributor.
  init(onFellBehind: @escaping @Sendable () -> Void) {
    self.onFellBehind = onFellBehind
  }

  var watcherCount: Int { state.withLockedValue { $0.isFinished ? 0 : $0.watchers.count } }
  /// Whether it makes sense to append events. Whoever adds a watcher under the lock of those who append need not fear that one
  /// of them still takes this for false.
  var isWatched: Bool { watched.load(ordering: .relaxed) }
  var isCrowded: Bool { crowded.load(ordering: .relaxed) }
  var dropped: UInt64 { state.withLockedValue { $0.dropped } }

  /// For what may add events, or take them.
  private func withState<Result>(_ body: (inout State) -> Result) -> Result {
    state.withLockedValue { state in
      defer { hasGathered.store(state.gathered.count > 0, ordering: .relaxed) }
      return body(&state)
    }
  }

  // MARK: Who watches

  func add(_ watcher: Watcher) {
    let isFinished = state.withLockedValue { state in
      guard !state.isFinished else { return true }
      state.watchers.insert(watcher)
      watched.store(true, ordering: .relaxed)
      if case .bounded(let limit) = watcher.buffering.kind { state.room = min(state.room, limit) }
      return false
    }
    if isFinished { watcher.finish() }
  }

  func remove(_ watcher: Watcher) {
    // What nobody watches any more is let go of outside the lock.
    let unwanted = withState { state in
      state.forget(watcher)
      watched.store(!state.watchers.isEmpty, ordering: .relaxed)
      guard state.watchers.isEmpty else { return EventBatch() }
      crowded.store(false, ordering: .relaxed)
      return state.gathered.takeAll()
    }
    _ = consume unwanted
  }

  /// Ends all watches after what has been appended, and those that come later at once.
  func finishAll() {
    let work = withState { state in
      state.isFinished = true
      return state.claimDistribution()
    }
    distribute(work)
  }

  // MARK: Where events come from

  /// Adds events. The caller sees to it that they come in order.
  func append(_ events: [SharedEvent<ErasedValue>]) {
    let (need, work) = withState { state in
      var need = Need.nothing
      guard !state.watchers.isEmpty else { return (need, Work.none) }
      for event in events where state.watchers.areAny(for: event.key) {
        state.gathered.append(event)
        let more = state.need(after: event)
        if more != .nothing { need = more }
      }
      if state.gathered.count >= Self.crowd { crowded.store(true, ordering: .relaxed) }
      return (need, need == .distributor ? state.nextWork() : .none)
    }
    switch need {
    case .nothing: break
    case .distributor: distribute(work)
    case .task: Task.detached { [self] in _ = distributeIfNobodyDoes() }
    }
  }

  // MARK: Where they go to

  /// Makes the caller the distributor if there is something to do and nobody does it. Returns whether it was.
  @discardableResult
  func distributeIfNobodyDoes() -> Bool {
    let work = withState { state -> Work in
      guard state.gathered.count > 0 else {
        if state.distributor == .woken { state.distributor = .none }
        return .none
      }
      return state.claimDistribution()
    }
    if case .none = work { return false }
    distribute(work)
    return true
  }

  /// Hands out what has gathered, so that a consumer who wants the newest event of a key gets it, unless somebody is at it.
  func distributeWhatHasGathered() {
    if hasGathered.load(ordering: .relaxed) { distributeIfNobodyDoes() }
  }

  /// Notes that somebody waits for a watcher's next event, who knows of none.
  func await(_ watcher: Watcher) {
    let work = withState { state in
      state.awaited.insert(watcher)
      return state.gathered.count > 0 ? state.claimDistribution() : .none
    }
    distribute(work)
  }

  /// Hands out what there is until there is no more. Only for the distributor, which the caller is no longer then.
  private func distribute(_ first: Work) {
    var work = first
    while case .batch(var batch, let watchers) = work {
      // What gathers meanwhile may come to a crowd again.
      crowded.store(false, ordering: .relaxed)
      var room = Int.max
      let parts = watchers.ofOneKey(in: batch)
      for watcher in watchers.ofManyKeys.values { offer(&batch, to: watcher, &room) }
      for (part, watchers) in parts {
        var part = part
        for watcher in watchers.values { offer(&part, to: watcher, &room) }
      }
      work = withState { state in
        state.room = min(state.room, room)
        // Of those alone: however many others wait, they go on waiting.
        if !state.awaited.isEmpty {
          state.awaited.remove(watchers.ofManyKeys.values) { !$0.isAwaited }
          for part in parts { state.awaited.remove(part.watchers.values) { !$0.isAwaited } }
        }
        return state.nextWork()
      }
    }
    if case .end(let watchers) = work { for watcher in watchers { watcher.finish() } }
  }

  private func offer(_ batch: inout EventBatch, to watcher: Watcher, _ room: inout Int) {
    if let left = watcher.offer(&batch) {
      room = min(room, left)
      return
    }
    state.withLockedValue { state in
      state.forget(watcher)
      watched.store(!state.watchers.isEmpty, ordering: .relaxed)
      state.dropped += 1
    }
    onFellBehind()
  }
}

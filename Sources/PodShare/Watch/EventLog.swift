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

    /// Whether the caller is the distributor now.
    mutating func claimDistribution() -> Bool {
      guard distributor != .working else { return false }
      distributor = .working
      return true
    }
  }

  private enum Need {
    case nothing, task, distributor
  }

  private let state = NIOLockedValueBox(State())
  /// Whether more has gathered than the distributor keeps up with: known without a lock.
  private let crowded = Atomic<Bool>(false)
  /// Whether there are watchers: known without a lock. It changes under the lock.
  private let watched = Atomic<Bool>(false)
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
    let unwanted = state.withLockedValue { state in
      state.forget(watcher)
      watched.store(!state.watchers.isEmpty, ordering: .relaxed)
      return state.watchers.isEmpty ? state.gathered.takeAll() : EventBatch()
    }
    _ = consume unwanted
  }

  /// Ends all watches after what has been appended, and those that come later at once.
  func finishAll() {
    let isDistributor = state.withLockedValue { state in
      state.isFinished = true
      return state.claimDistribution()
    }
    if isDistributor { distribute() }
  }

  // MARK: Where events come from

  /// Adds events, of which the first has this position. The caller sees to it that they come in order.
  func append(_ events: [SharedEvent<ErasedValue>], from position: UInt64) {
    let need = state.withLockedValue { state in
      var need = Need.nothing
      guard !state.watchers.isEmpty else { return need }
      for (offset, event) in events.enumerated() where state.watchers.areAny(for: event.key) {
        state.gathered.append(event, at: position + UInt64(offset))
        let more = state.need(after: event)
        if more != .nothing { need = more }
      }
      if state.gathered.count >= Self.crowd { crowded.store(true, ordering: .relaxed) }
      return need
    }
    switch need {
    case .nothing: break
    case .distributor: distribute()
    case .task: Task.detached { [self] in _ = distributeIfNobodyDoes() }
    }
  }

  // MARK: Where they go to

  /// Makes the caller the distributor if there is something to do and nobody does it. Returns whether it was.
  @discardableResult
  func distributeIfNobodyDoes() -> Bool {
    let isDistributor = state.withLockedValue { state in
      guard state.gathered.count > 0 else {
        if state.distributor == .woken { state.distributor = .none }
        return false
      }
      return state.claimDistribution()
    }
    if isDistributor { distribute() }
    return isDistributor
  }

  /// Notes that somebody waits for a watcher's next event, who knows of none.
  func await(_ watcher: Watcher) {
    let isDistributor = state.withLockedValue { state in
      state.awaited.insert(watcher)
      return state.gathered.count > 0 && state.claimDistribution()
    }
    if isDistributor { distribute() }
  }

  /// Hands out what there is until there is no more. Only for the distributor, which the caller is no longer then.
  private func distribute() {
    while let (gathered, watchers) = takeBatch() {
      var batch = gathered
      var room = Int.max
      for watcher in watchers.ofManyKeys.values { offer(&batch, to: watcher, &room) }
      for (key, watchers) in watchers.ofOneKey(in: batch) {
        var part = batch.part(of: key)
        for watcher in watchers.values { offer(&part, to: watcher, &room) }
      }
      state.withLockedValue { state in
        state.room = min(state.room, room)
        state.awaited.removeAll { !$0.isAwaited }
      }
    }
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

  /// What has gathered, and to whom it goes; nil, and the caller is not the distributor any more, if there is nothing.
  private func takeBatch() -> (EventBatch, WatcherIndex)? {
    let finished = state.withLockedValue { state -> [Watcher]? in
      guard state.gathered.count == 0 else { return nil }
      state.distributor = .none
      defer { if state.isFinished { state.watchers = WatcherIndex() } }
      return state.isFinished ? state.watchers.all : []
    }
    if let finished {
      for watcher in finished { watcher.finish() }
      return nil
    }
    return state.withLockedValue { state in
      state.room = .max
      crowded.store(false, ordering: .relaxed)
      return (state.gathered.takeAll(), state.watchers)
    }
  }
}

import NIOConcurrencyHelpers

/// The changes of a store as they are applied: an asynchronous sequence of events.
///
/// It has begun when ``Store/watch(_:from:buffering:)`` returns: no change after that is missed, however late the
/// first `next()`. Per key the events come in the order in which they were applied, one for each visible change. It
/// ends with `nil` when the consuming task is cancelled or the store is closed, and by throwing
/// ``StoreError/Code/fellBehind`` when the consumer was too slow. When the sequence and its iterators are dropped the
/// watch is over.
///
/// A watch has one stream of events. Several iterators share it, each event going to one of them.
public struct Watch<Value: Sendable>: AsyncSequence, Sendable {
  public typealias Element = Event<Value>
  public typealias Failure = StoreError

  @usableFromInline let registration: WatchRegistration

  @inlinable
  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(registration: registration)
  }

  // Inlined, lest it looks up at run time for every event what type its values have.
  public struct AsyncIterator: AsyncIteratorProtocol {
    @usableFromInline let registration: WatchRegistration

    @inlinable
    init(registration: WatchRegistration) {
      self.registration = registration
    }

    @inlinable
    public mutating func next() async throws(StoreError) -> Event<Value>? {
      try await next(isolation: nil)
    }

    @inlinable
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(StoreError) -> Event<Value>? {
      guard let event = try await registration.next(isolation: actor) else { return nil }
      return Event(event)
    }
  }
}

/// The values of one key: first the present one, then each newer one as it comes; `nil` while there is none.
///
/// A slow consumer skips values that are outdated and is never cut off. It ends when the consuming task is cancelled
/// or the store is closed. Several iterators share the sequence, each value going to one of them.
public struct ValueSequence<Value: Sendable>: AsyncSequence, Sendable {
  public typealias Element = Value?
  public typealias Failure = Never

  /// The value there was when the sequence was made, for whoever asks first, if there is nothing newer then.
  private let present: NIOLockedValueBox<Value??>
  private let registration: WatchRegistration

  init(present: Value?, registration: WatchRegistration) {
    self.present = NIOLockedValueBox(.some(present))
    self.registration = registration
  }

  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(present: present, registration: registration)
  }

  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let present: NIOLockedValueBox<Value??>
    fileprivate let registration: WatchRegistration

    public mutating func next() async -> Value?? {
      await next(isolation: nil)
    }

    public mutating func next(isolation actor: isolated (any Actor)?) async -> Value?? {
      let first = present.withLockedValue { present in
        defer { present = nil }
        return present
      }
      if let present = first {
        if Task.isCancelled { return nil }
        // It may be outdated by now.
        return .some(registration.newestIfAny().map { Event<Value>($0).change.value } ?? present)
      }
      // A watch that keeps only the newest event of a key is never cut off, so it throws nothing.
      guard let event = try? await registration.next(isolation: actor) else { return nil }
      return .some(Event<Value>(event).change.value)
    }
  }
}

/// Keeps a watcher registered for as long as somebody may consume it.
@usableFromInline
final class WatchRegistration: Sendable {
  private let watcher: Watcher
  private let log: EventLog

  init(_ watcher: Watcher, in log: EventLog) {
    self.watcher = watcher
    self.log = log
  }

  deinit {
    log.remove(watcher)
  }

  func newestIfAny() -> SharedEvent<ErasedValue>? {
    watcher.nextIfAny(of: log)
  }

  @usableFromInline
  func next(isolation: isolated (any Actor)?) async throws(StoreError) -> SharedEvent<ErasedValue>? {
    try await watcher.next(of: log, isolation: isolation)
  }
}

import NIOCore

/// When subscribers are told that messages may have been lost, and come again from now on.
///
/// At once, but of many pods that come at the same time only once in a while: for each time the stores ask all the others.
/// After an interruption they listen to nobody until they are told.
struct Resumption {
  enum Step {
    case now
    case at(NIODeadline)
    case none
  }

  private var last: NIODeadline?
  private var isScheduled = false
  /// Subscribers have been told that nobody is there.
  private var isInterrupted = false

  private static var timeBetween: TimeAmount { .milliseconds(200) }

  /// There is something to tell.
  mutating func ask(now: NIODeadline) -> Step {
    let due = last.map { $0 + Self.timeBetween } ?? now
    guard due > now, !isInterrupted else { return .now }
    guard !isScheduled else { return .none }
    isScheduled = true
    return .at(due)
  }

  /// The time has come for which one was put off.
  mutating func timeHasCome() {
    isScheduled = false
  }

  /// Subscribers are being told.
  mutating func told(now: NIODeadline) {
    last = now
    isInterrupted = false
  }

  /// Nobody is there. Returns whether subscribers are to be told.
  mutating func interrupt() -> Bool {
    defer { isInterrupted = true }
    return !isInterrupted
  }
}

import NIOCore
import PodShare

/// What the peers have been told that is wanted here, and of which topics not all have said that they know.
///
/// Promises are handed out to be fulfilled, not fulfilled here: whoever waits for one may announce the next.
struct Announcements {
  private struct Unconfirmed {
    let topic: Key
    var missing: Set<MeshState.LinkID>
    let promise: EventLoopPromise<Void>
  }

  private(set) var topics: Set<Key> = []
  private var unconfirmed: [UInt64: Unconfirmed] = [:]
  private var lastNumber: UInt64 = 0

  /// What is still waited for of a topic.
  func pending(_ topic: Key) -> EventLoopFuture<Void>? {
    unconfirmed.values.first { $0.topic == topic }?.promise.futureResult
  }

  mutating func withdraw(_ topic: Key) {
    topics.remove(topic)
  }

  /// Adds a topic. Returns the number by which peers confirm it.
  mutating func add(_ topic: Key) -> UInt64 {
    topics.insert(topic)
    lastNumber += 1
    return lastNumber
  }

  /// Has a topic wait until those have confirmed it that were told.
  mutating func wait(
    for number: UInt64, _ topic: Key, by told: some Sequence<MeshState.LinkID>,
    _ promise: EventLoopPromise<Void>
  ) {
    unconfirmed[number] = Unconfirmed(topic: topic, missing: Set(told), promise: promise)
  }

  /// A peer has confirmed a number. Returns what is to be fulfilled if it was the last one.
  mutating func confirmed(_ number: UInt64, by link: MeshState.LinkID) -> EventLoopPromise<Void>? {
    guard unconfirmed[number]?.missing.remove(link) != nil, unconfirmed[number]?.missing.isEmpty == true
    else { return nil }
    return giveUp(number)
  }

  /// A link is gone and will confirm nothing. Returns what is to be fulfilled.
  mutating func lost(_ link: MeshState.LinkID) -> [EventLoopPromise<Void>] {
    Array(unconfirmed.keys).compactMap { confirmed($0, by: link) }
  }

  /// Nobody is to wait for a number any more. Returns what is to be fulfilled.
  mutating func giveUp(_ number: UInt64) -> EventLoopPromise<Void>? {
    unconfirmed.removeValue(forKey: number)?.promise
  }

  /// The same for all.
  mutating func giveUpAll() -> [EventLoopPromise<Void>] {
    defer { unconfirmed = [:] }
    return unconfirmed.values.map(\.promise)
  }
}

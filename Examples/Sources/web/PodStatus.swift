import Hummingbird
import PodShare

/// What a page shows about its pod, besides the flags.
struct PodStatus: ResponseEncodable, Equatable, Sendable {
  var name: String
  var topic: String
  var connected: Bool
  var caughtUp: Bool
  var keys: Int
  var statistics: [String: UInt64]
  var neighbours: [Neighbour]

  struct Neighbour: Encodable, Equatable, Sendable {
    var name: String
    var port: Int
    var connected: Bool
    var keys: Int
    /// How many keys the two pods do not hold alike: 0 when their contents are equal.
    var differing: Int
  }
}

extension PodStatus {
  init(of pod: Pod, in fleet: Fleet) {
    let ours = pod.store.writes
    self.init(
      name: pod.name,
      topic: pod.store.topic,
      connected: pod.transport.isConnected,
      caughtUp: pod.store.isCaughtUp,
      keys: ours.count,
      statistics: pod.store.statistics.shown,
      neighbours: fleet.neighbours(of: pod).map { neighbour in
        let theirs = neighbour.store.writes
        return Neighbour(
          name: neighbour.name,
          port: neighbour.port,
          connected: neighbour.transport.isConnected,
          keys: theirs.count,
          differing: Set(ours.symmetricDifference(theirs).map(\.key)).count
        )
      }
    )
  }
}

/// A write by what tells it from all others. Stores that hold the same writes hold the same contents.
private struct WriteID: Hashable {
  /// Keys are bytes to a store.
  var key: [UInt8]
  var version: Version
}

extension Store {
  /// The writes that made the entries which there are now.
  fileprivate var writes: Set<WriteID> {
    Set(snapshot().map { WriteID(key: Array($0.key.utf8), version: $0.version) })
  }
}

extension StoreStatistics {
  /// The counters that the page shows, by name.
  fileprivate var shown: [String: UInt64] {
    [
      "localWrites": localWrites,
      "appliedWrites": appliedWrites,
      "rejectedWrites": rejectedWrites,
      "unsentKeys": UInt64(unsentKeys),
      "messagesSent": messagesSent,
      "messagesReceived": messagesReceived,
      "eventsDispatched": eventsDispatched,
      "watchers": UInt64(watchers),
      "statesServed": statesServed,
      "tombstones": UInt64(tombstones),
    ]
  }
}

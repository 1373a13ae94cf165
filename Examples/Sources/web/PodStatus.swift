import Hummingbird
import PodShare
import PodShareTestKit

/// What a page shows about its pod, besides the flags.
struct PodStatus: ResponseEncodable, Equatable, Sendable {
  var name: String
  var topic: String
  var connected: Bool
  /// How likely a message to or from this pod is lost without a word, from 0 to 1.
  var loss: Double
  var caughtUp: Bool
  var keys: Int
  var statistics: [String: UInt64]
  var neighbours: [Neighbour]

  /// Another pod, as far as this one has heard of it.
  struct Neighbour: Encodable, Equatable, Sendable {
    var name: String
    /// Of its page. The store does not know it, but the demo does.
    var port: Int
    /// Absent when nothing was heard of it lately.
    var member: Heard?
  }

  /// What a pod knows of another, from its heartbeats.
  struct Heard: Encodable, Equatable, Sendable {
    var caughtUp: Bool
    /// When it was last heard of, in milliseconds since 1970.
    var lastSeen: Int64
    /// When it last held exactly what this pod held; absent if it never has.
    var lastEqual: Int64?

    init(_ member: Member) {
      caughtUp = member.isCaughtUp
      lastSeen = member.lastSeen.milliseconds
      lastEqual = member.lastEqual?.milliseconds
    }
  }
}

extension PodStatus {
  init(of pod: Pod, in fleet: Fleet) {
    let members = pod.store.members
    var statistics = pod.store.statistics.shown
    statistics["messagesLost"] = pod.transport.messagesLost
    self.init(
      name: pod.name,
      topic: pod.store.topic,
      connected: pod.transport.isConnected,
      loss: pod.transport.loss,
      caughtUp: pod.store.isCaughtUp,
      keys: pod.store.count,
      statistics: statistics,
      neighbours: fleet.others(than: pod).map { other in
        let member = members.first { $0.nodeID == other.name }
        return Neighbour(name: other.name, port: other.port, member: member.map(Heard.init))
      }
    )
  }
}

extension Timestamp {
  fileprivate var milliseconds: Int64 { nanoseconds / 1_000_000 }
}

extension FaultyTransport {
  /// How likely a message is lost, in either direction.
  var loss: Double { faults.outbound.loss }

  /// How many messages were lost in both directions.
  fileprivate var messagesLost: UInt64 { UInt64(statistics.outbound.lost + statistics.inbound.lost) }
}

extension StoreStatistics {
  /// The counters that the page shows, by name.
  fileprivate var shown: [String: UInt64] {
    [
      "localWrites": localWrites,
      "appliedWrites": appliedWrites,
      "rejectedWrites": rejectedWrites,
      "unsentKeys": UInt64(unsentKeys),
      "tombstones": UInt64(tombstones),
      "messagesSent": messagesSent,
      "messagesReceived": messagesReceived,
      "gaps": gaps,
      "comparisons": comparisons,
      "entriesHealed": entriesHealed,
      "entriesSentToHeal": entriesSentToHeal,
      "statesServed": statesServed,
      "eventsDispatched": eventsDispatched,
      "watchers": UInt64(watchers),
    ]
  }
}

/// What may be a topic, a node ID, a key.
package enum Names {
  package static func isValidTopic(_ topic: String) -> Bool {
    WireLimits.topicBytes.contains(topic.utf8.count) && !topic.hasControlCharacters
  }

  package static func isValidNodeID(_ nodeID: String) -> Bool {
    WireLimits.nodeIDBytes.contains(nodeID.utf8.count) && !nodeID.hasControlCharacters
  }

  package static func isValidKey(_ key: String) -> Bool {
    key.utf8.count <= WireLimits.keyBytes
  }

  // Topics of users hold no control characters, so names joined with one can never be a user's.
  private static let separator = "\u{1f}"

  /// The side topic on which the pods of a topic ask one another.
  package static func syncTopic(of topic: String) -> String {
    "\(topic)\(separator)sync"
  }

  /// Whether it is one of those that stores use among themselves.
  package static func isSideTopic(_ topic: String) -> Bool {
    topic.utf8.contains(0x1f)
  }

  /// The topic on which one pod alone listens, for messages meant for it.
  package static func inbox(of pod: PodIdentity, on topic: String) -> String {
    "\(topic)\(separator)inbox\(separator)\(pod.nodeID)\(separator)\(String(pod.incarnation, radix: 36))"
  }
}

extension String {
  fileprivate var hasControlCharacters: Bool {
    // Nearly all are plain ASCII, which needs no table.
    if utf8.allSatisfy({ 0x20..<0x7f ~= $0 }) { return false }
    return unicodeScalars.contains { $0.properties.generalCategory == .control }
  }
}

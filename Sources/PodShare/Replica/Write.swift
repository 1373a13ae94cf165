/// One write on its way into a replica: a local one, one from a live message, or an entry of another pod's state.
///
/// All three are the same thing to the replica; there is one way in.
package struct Write<Value: Sendable>: Sendable {
  package var key: Key
  package var version: Version
  /// For a set, the delete after which it was made, as far as its author knew; a delete begins an epoch of its own.
  /// Only looked at with a merge function.
  package var epoch: Epoch
  package var content: Content
  /// Of a value that is the join of several writes, what tells it from other joins.
  package var fingerprint: UInt64?

  package init(
    key: Key, version: Version, epoch: Epoch = .beginning, content: Content, fingerprint: UInt64? = nil
  ) {
    self.key = key
    self.version = version
    self.epoch = epoch
    self.content = content
    self.fingerprint = fingerprint
  }

  var isDelete: Bool {
    if case .delete = content { true } else { false }
  }

  /// Whether its author's pod, or whoever sent it on, has a merge function.
  var isJoined: Bool { fingerprint != nil || !isDelete && epoch != .beginning }

  /// Whether it is a value, and nothing more is to be said of it.
  var isPlain: Bool {
    guard fingerprint == nil, case .set = content, case .beginning = epoch else { return false }
    return true
  }

  var isOpaque: Bool {
    if case .setOpaque = content { true } else { false }
  }

  package enum Content: Sendable {
    case set(Value)
    /// A set whose value this build cannot decode. Boxed, because there are few and every write pays for the field.
    indirect case setOpaque(OpaqueWrite)
    /// `at`: the deleter's wall clock.
    case delete(at: Timestamp)
  }
}

extension Write: Equatable where Value: Equatable {}
extension Write.Content: Equatable where Value: Equatable {}

/// What a caller wants written, before the replica has given it a version.
package struct LocalChange<Value: Sendable>: Sendable {
  package enum Action: Sendable {
    case set(Value)
    case delete
  }

  package var key: Key
  package var action: Action

  package init(key: Key, action: Action) {
    self.key = key
    self.action = action
  }
}

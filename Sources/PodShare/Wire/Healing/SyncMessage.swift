/// What pods tell and ask one another in order to find out where they differ; none of it changes an entry by itself, but
/// for ``Forgotten``.
package struct SyncMessage: Sendable, Equatable {
  package enum Content: Sendable, Equatable {
    case heartbeat(Heartbeat)
    case comparison(Comparison)
    case differences(Differences)
    case want(Want)
    case missing(Missing)
    case context(ContextOffer)
    case forgotten(Forgotten)
    case receipt(Receipt)
    /// "This is my last."
    case goodbye
  }

  package var sender: PodIdentity
  package var content: Content

  package init(sender: PodIdentity, _ content: Content) {
    self.sender = sender
    self.content = content
  }

  /// "I am here, and this is how far I am."
  package struct Heartbeat: Sendable, Equatable {
    /// One more each time.
    package var counter: UInt64
    /// The digest of all live entries.
    package var root: UInt64
    /// A hash of the causal context.
    package var contextHash: UInt64
    /// The number of the sender's last write; the incarnation if it has not written.
    package var lastSequence: UInt64
    /// Whether the sender has finished joining.
    package var isSettled: Bool
    /// Whether the sender holds what the fleet holds, as far as it knows.
    package var isCaughtUp: Bool
    /// Whether everyone is asked to answer with a heartbeat at once.
    package var wantsReply: Bool
  }

  /// "My digests of these buckets are these. Where do we differ?"
  package struct Comparison: Sendable, Equatable {
    package struct Item: Sendable, Equatable {
      package var bucket: Bucket
      package var hash: UInt64
    }

    /// Drawn at random; the answer bears it too.
    package var id: UInt64
    package var items: [Item]
  }

  /// The answer: of each bucket that differs, what it consists of. Buckets that do not are left out.
  package struct Differences: Sendable, Equatable {
    package enum Detail: Sendable, Equatable {
      /// The digests of its sixteen children.
      case children([UInt64])
      /// Each live entry in it.
      case entries([EntryDigest])
    }

    package struct Item: Sendable, Equatable {
      package var bucket: Bucket
      package var detail: Detail
    }

    package var id: UInt64
    package var items: [Item]
  }

  /// One entry, as its key's hash and its own.
  package struct EntryDigest: Sendable, Hashable {
    package var keyHash: UInt64
    package var hash: UInt64
  }

  /// "Send me what you hold under the keys with these hashes."
  package struct Want: Sendable, Equatable {
    package var id: UInt64
    package var keyHashes: [UInt64]
  }

  /// "I lack these of your writes."
  package struct Missing: Sendable, Equatable {
    package var id: UInt64
    package var numbers: [ClosedRange<UInt64>]
  }

  /// "If you hold what I hold, then you have also seen what I have seen."
  package struct ContextOffer: Sendable, Equatable {
    package var root: UInt64
    /// The digest of the tombstones.
    package var tombstones: UInt64
    package var context: CausalContext
    package var wantsReply: Bool
  }

  /// "These entries, which you have sent me, were deleted, long ago."
  package struct Forgotten: Sendable, Equatable {
    package var entries: [EntryDigest]
  }

  /// "Do you have all my writes up to this number?", and the answer, which is yes.
  package struct Receipt: Sendable, Equatable {
    /// The digest of the live entries of the pod that asks; who has the same has everything, too.
    package var root: UInt64
    package var lastSequence: UInt64
    package var isQuestion: Bool
  }

  /// What one message has at most, so that a request costs its receiver a bounded time.
  package enum Limits {
    package static let comparisons = 64
    package static let wanted = 1_024
    package static let ranges = 64
    package static let forgotten = 4_096
    /// Of a bucket with more entries than this, the children's digests are sent instead.
    package static let entriesOfBucket = 16
  }
}

/// What a replica is told once.
package struct ReplicaOptions<Value: Sendable>: Sendable {
  package var merge: Merge<Value>?
  package var tombstoneTTL: Duration
  package var maxClockSkew: Duration
  /// Whether others can tell by numbers what they lack of this replica's writes: not if those travel in wire version 1,
  /// which does not say of which incarnation a number is.
  package var announcesNumbers = true

  package init(merge: Merge<Value>?, tombstoneTTL: Duration, maxClockSkew: Duration) {
    self.merge = merge
    self.tombstoneTTL = tombstoneTTL
    self.maxClockSkew = maxClockSkew
  }
}

/// What a replica counts.
package struct ReplicaCounters: Sendable, Equatable {
  package var localWrites: UInt64 = 0
  package var appliedWrites: UInt64 = 0
  package var rejectedWrites: UInt64 = 0
  package var keys = 0
  package var tombstones = 0
  package var opaqueEntries = 0
  package var tombstonesCollected: UInt64 = 0
  /// In merge mode, how often two values met.
  package var joins: UInt64 = 0
  package var healing = HealingCounters()
}

/// What a store has counted since it was made, and what it holds now.
public struct StoreStatistics: Sendable, Equatable {
  /// Entries written on this pod, deletes and seeds included.
  public var localWrites: UInt64 = 0
  /// Writes of other pods that changed an entry here.
  public var appliedWrites: UInt64 = 0
  /// Writes of other pods that changed nothing, because they were known already or superseded.
  public var rejectedWrites: UInt64 = 0
  /// Reads of single keys.
  public var reads: UInt64 = 0
  /// Visible changes, once each, whether many watched or nobody.
  public var eventsDispatched: UInt64 = 0
  /// Watchers now.
  public var watchers = 0
  /// Watchers cut off because they fell behind.
  public var watchersDropped: UInt64 = 0
  /// Keys with a value.
  public var keys = 0
  /// Deleted keys that are still remembered as such.
  public var tombstones = 0
  /// Tombstones forgotten after their time.
  public var tombstonesCollected: UInt64 = 0
  /// Entries with a value that this build cannot decode.
  public var opaqueEntries = 0
  /// Messages handed to the transport.
  public var messagesSent: UInt64 = 0
  /// Messages that came in, this pod's own echoes included.
  public var messagesReceived: UInt64 = 0
  /// Messages refused because they are none.
  public var invalidMessages: UInt64 = 0
  /// Messages that the transport refused.
  public var publishFailures: UInt64 = 0
  /// Keys whose entries are waiting to be sent again.
  public var unsentKeys = 0
  /// Other pods that have been heard of lately.
  public var members = 0
  /// How often this pod has sent everything it holds to one that joined.
  public var statesServed: UInt64 = 0
  /// Comparisons with other pods that this pod has begun, because something differed.
  public var comparisons: UInt64 = 0
  /// How often this pod has asked another for writes whose numbers were missing here.
  public var gaps: UInt64 = 0
  /// Entries that came by healing, joining included, and changed something here.
  public var entriesHealed: UInt64 = 0
  /// Entries sent to others because they lacked them.
  public var entriesSentToHeal: UInt64 = 0
  /// Entries dropped because another pod had seen them deleted, so long ago that no tombstone is left.
  public var entriesDropped: UInt64 = 0
  /// Bytes that came in of what pods tell one another beside their writes: heartbeats, comparisons, states.
  public var syncBytesReceived: UInt64 = 0
  /// Bytes of that kind handed to the transport.
  public var syncBytesSent: UInt64 = 0
  /// Snapshots saved to a ``SnapshotTransport``, and entries kept by an ``EntryTransport``.
  public var snapshotsSaved: UInt64 = 0
  /// Their bytes.
  public var snapshotBytes: UInt64 = 0
  /// Errors reported, those that were too many to be passed on included.
  public var errors: UInt64 = 0
}

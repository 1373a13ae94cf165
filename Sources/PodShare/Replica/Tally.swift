/// What an entry adds to a replica's digest and counts.
struct Tally {
  private(set) var digest: UInt64 = 0
  private(set) var tombstoneDigest: UInt64 = 0
  private(set) var keys = 0
  private(set) var tombstones = 0
  private(set) var opaqueEntries = 0

  /// Of no entry.
  static let nothing = Tally()

  private init() {}

  init(of entry: StoredEntry<some Sendable>, keyHash: UInt64, isMerged: Bool) {
    if entry.isTombstone {
      tombstones = 1
      tombstoneDigest = entry.tombstoneDigest(keyHash: keyHash)
      return
    }
    digest = entry.digest(keyHash: keyHash, isMerged: isMerged)
    if entry.isReadable { keys = 1 }
    if entry.isOpaque { opaqueEntries = 1 }
  }
}

/// When which tombstone may be collected: keys in buckets by the time of their delete.
///
/// A bucket spans 1/64 of the time to live, so a tombstone goes at most that much late. O(1) to add. A key whose
/// entry has changed since is found out when its turn comes.
package struct TombstoneIndex: Sendable {
  private var buckets: [Int64: [Key]] = [:]
  private let timeToLive: Int64
  private let span: Int64

  package init(timeToLive: Duration) {
    self.timeToLive = max(0, timeToLive.clampedNanoseconds)
    span = max(1, self.timeToLive / 64)
  }

  package mutating func insert(_ key: Key, deletedAt: Timestamp) {
    buckets[deletedAt.nanoseconds / span, default: []].append(key)
  }

  /// Whether a tombstone's time is over.
  package func isExpired(deletedAt: Timestamp, at now: Timestamp) -> Bool {
    now.duration(since: deletedAt) >= .nanoseconds(timeToLive)
  }

  /// Takes out up to `limit` keys whose buckets are over at `now`.
  package mutating func takeExpired(at now: Timestamp, limit: Int) -> [Key] {
    var taken: [Key] = []
    // A bucket is over when even its youngest tombstone is.
    let (youngest, overflow) = now.nanoseconds.subtractingReportingOverflow(timeToLive)
    guard !overflow else { return taken }
    let lastOver = youngest / span - 1
    for bucket in buckets.keys.filter({ $0 <= lastOver }).sorted() where taken.count < limit {
      var keys = buckets.removeValue(forKey: bucket) ?? []
      let part = keys.suffix(limit - taken.count)
      taken += part
      keys.removeLast(part.count)
      if !keys.isEmpty { buckets[bucket] = keys }
    }
    return taken
  }
}

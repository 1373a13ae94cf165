/// All keys whose ``StableHash`` begins with the same bits, four for each level: a node of the tree that pods compare.
package struct Bucket: Sendable, Hashable {
  package let level: Int
  /// The bits that the keys' hashes begin with; all others are zero.
  package let prefix: UInt64

  package static let maxLevel = 16
  package static let fanOut = 16

  /// All keys.
  package static let root = Bucket(level: 0, prefix: 0)

  /// The bucket at a level that a hash is in.
  package init(level: Int, of hash: UInt64) {
    self.init(level: level, prefix: level == 0 ? 0 : hash & (.max << UInt64(64 - 4 * level)))
  }

  private init(level: Int, prefix: UInt64) {
    self.level = level
    self.prefix = prefix
  }

  /// How many bits all hashes have in common.
  package var bits: Int { 4 * level }

  /// The number of the bucket among those of its level.
  package var index: UInt64 { level == 0 ? 0 : prefix >> UInt64(64 - bits) }

  /// The sixteen buckets of which this one consists; none at the last level.
  package var children: [Bucket] {
    guard level < Self.maxLevel else { return [] }
    return (0..<UInt64(Self.fanOut)).map { child in
      Bucket(level: level + 1, prefix: prefix | child << UInt64(60 - bits))
    }
  }
}

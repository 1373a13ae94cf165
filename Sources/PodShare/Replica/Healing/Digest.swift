/// A digest of all live entries, so that two pods can find out in a few messages where they differ: a tree of sixteen
/// children a node, of which each node is the XOR of its entries' hashes. (Merkle: "A digital signature based on a
/// conventional encryption function", 1987; as XOR, so that one entry changes it in O(1).)
///
/// Kept down to 4,096 buckets. What lies deeper is worked out from the entries, of which a bucket then has few.
package struct Digest: Sendable {
  package static let keptLevels = 3

  /// Of each level, where its buckets begin.
  private static let offsets = [0, 1, 17, 273]
  /// The XOR of the tombstones' hashes. Not a part of the tree: pods collect tombstones at different times.
  package private(set) var tombstones: UInt64 = 0
  private var buckets = ContiguousArray<UInt64>(repeating: 0, count: 4_369)

  package init() {}

  /// The digest of everything.
  package var root: UInt64 { buckets[0] }

  /// The digest of a bucket, if it is kept.
  package func hash(of bucket: Bucket) -> UInt64? {
    guard bucket.level <= Self.keptLevels else { return nil }
    return buckets[Self.offsets[bucket.level] + Int(bucket.index)]
  }

  /// Adds an entry's hash, or takes it out again.
  package mutating func toggle(_ hash: UInt64, at keyHash: UInt64) {
    guard hash != 0 else { return }
    for level in 0...Self.keptLevels {
      let index = level == 0 ? 0 : Int(keyHash >> UInt64(64 - 4 * level))
      buckets[Self.offsets[level] + index] ^= hash
    }
  }
}

extension Digest {
  /// Adds a tombstone's hash, or takes it out again.
  package mutating func toggleTombstone(_ hash: UInt64) {
    tombstones ^= hash
  }
}

/// Mixes numbers into one, the same on every machine: a multiplication to 128 bits, folded, for each.
package struct DigestHash: Sendable {
  package private(set) var value: UInt64

  package init(_ seed: UInt64) {
    value = seed
  }

  package mutating func combine(_ number: UInt64) {
    let product = (value ^ 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(by: number ^ 0xd6e8_feb8_6659_fd93)
    value = product.high ^ product.low ^ (number &* 0xa076_1d64_78bd_642f)
  }
}

extension Version {
  /// A hash that is the same on every pod.
  var digest: UInt64 { VersionNumbers(self).digest }
}

extension VersionNumbers {
  /// A hash that is the same on every pod.
  var digest: UInt64 {
    var hash = DigestHash(UInt64(bitPattern: timestamp.nanoseconds))
    hash.combine(authorDigest)
    hash.combine(sequence)
    return hash.value
  }

  /// The digest of a value's entry where there is no merge function: that of the entry itself.
  func entryDigest(keyHash: UInt64) -> UInt64 {
    var hash = DigestHash(keyHash)
    hash.combine(digest)
    return hash.value
  }
}

extension StoredEntry {
  /// A hash that is the same on every pod that holds this entry, and another where another is held; 0 for a tombstone,
  /// which pods collect at different times.
  ///
  /// Without a merge function the version says it all, whether or not the value can be decoded. With one, several values
  /// can have the same greatest version.
  func digest(keyHash: UInt64, isMerged: Bool) -> UInt64 {
    guard !isTombstone else { return 0 }
    var hash = DigestHash(keyHash)
    hash.combine(version.digest)
    guard isMerged else { return hash.value }
    if case .after(let delete) = epoch { hash.combine(delete.digest) }
    switch content {
    case .value:
      hash.combine(valueFingerprint)
    case .opaque(let writes, let readable):
      hash.combine(
        writes.reduce(readable == nil ? 0 : valueFingerprint) {
          $0 &+ ($1.fingerprint ?? $1.version.digest)
        })
    case .tombstone: break
    }
    return hash.value
  }

  /// The same for a tombstone; 0 for an entry that is live.
  func tombstoneDigest(keyHash: UInt64) -> UInt64 {
    guard isTombstone else { return 0 }
    var hash = DigestHash(keyHash)
    hash.combine(version.digest)
    if case .after(let delete) = epoch { hash.combine(delete.digest) }
    return hash.value
  }
}

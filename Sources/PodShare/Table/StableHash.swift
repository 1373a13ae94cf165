/// A hash of a key's UTF-8 bytes that is the same on every pod, in every process and on every machine.
///
/// By it the keys are told into the buckets that pods compare. It is XXH64 with seed 0, as its author describes it
/// (Yann Collet, "xxHash fast digest algorithm", version 0.1.1). Not seeded, so whoever chooses keys can bring many of them
/// into one bucket: that costs time in comparing, never correctness. The table itself goes by another hash, ``KeyHash``.
package enum StableHash {
  private static let prime1: UInt64 = 0x9e37_79b1_85eb_ca87
  private static let prime2: UInt64 = 0xc2b2_ae3d_27d4_eb4f
  private static let prime3: UInt64 = 0x1656_67b1_9e37_79f9
  private static let prime4: UInt64 = 0x85eb_ca77_c2b2_ae63
  private static let prime5: UInt64 = 0x27d4_eb2f_1656_67c5

  /// The hash of a key.
  package static func hash(_ key: Key) -> UInt64 {
    key.withSpan(hash)
  }

  /// The hash of bytes.
  static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    hash(bytes.assumingMemoryBound(to: UInt8.self).span)
  }

  /// The hash of bytes.
  package static func hash(_ bytes: Span<UInt8>) -> UInt64 {
    var offset = 0
    var hash: UInt64
    if bytes.count >= 32 {
      // Four sums side by side, each of every fourth word.
      var sums = (prime1 &+ prime2, prime2, UInt64(0), 0 &- prime1)
      while bytes.count - offset >= 32 {
        sums.0 = round(sums.0, word(bytes, offset))
        sums.1 = round(sums.1, word(bytes, offset + 8))
        sums.2 = round(sums.2, word(bytes, offset + 16))
        sums.3 = round(sums.3, word(bytes, offset + 24))
        offset += 32
      }
      hash =
        rotate(sums.0, by: 1) &+ rotate(sums.1, by: 7) &+ rotate(sums.2, by: 12) &+ rotate(sums.3, by: 18)
      hash = merge(hash, sums.0)
      hash = merge(hash, sums.1)
      hash = merge(hash, sums.2)
      hash = merge(hash, sums.3)
    } else {
      hash = prime5
    }
    hash &+= UInt64(bytes.count)
    while bytes.count - offset >= 8 {
      hash ^= round(0, word(bytes, offset))
      hash = rotate(hash, by: 27) &* prime1 &+ prime4
      offset += 8
    }
    if bytes.count - offset >= 4 {
      hash ^= UInt64(bytes.integer(at: offset, as: UInt32.self).byteSwapped) &* prime1
      hash = rotate(hash, by: 23) &* prime2 &+ prime3
      offset += 4
    }
    while offset < bytes.count {
      hash ^= UInt64(bytes[offset]) &* prime5
      hash = rotate(hash, by: 11) &* prime1
      offset += 1
    }
    hash ^= hash >> 33
    hash &*= prime2
    hash ^= hash >> 29
    hash &*= prime3
    return hash ^ (hash >> 32)
  }

  private static func word(_ bytes: Span<UInt8>, _ offset: Int) -> UInt64 {
    bytes.integer(at: offset, as: UInt64.self).byteSwapped
  }

  private static func round(_ sum: UInt64, _ word: UInt64) -> UInt64 {
    rotate(sum &+ word &* prime2, by: 31) &* prime1
  }

  private static func merge(_ hash: UInt64, _ sum: UInt64) -> UInt64 {
    (hash ^ round(0, sum)) &* prime1 &+ prime4
  }

  private static func rotate(_ value: UInt64, by count: UInt64) -> UInt64 {
    value << count | value >> (64 - count)
  }
}

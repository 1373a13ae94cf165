/// A hash that is the same in every process, on every machine and in every version of the program, which Swift's
/// `Hasher` is not: 64-bit FNV-1a, and then the finalizer of MurmurHash3.
///
/// The finalizer is there because with FNV-1a alone the last byte hardly reaches the upper bits, and the lower bits of
/// two flags depend on one another, which a remainder would show.
func stableHash(of bytes: some Sequence<UInt8>) -> UInt64 {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  for byte in bytes {
    hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
  }
  hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
  hash = (hash ^ (hash >> 33)) &* 0xc4ce_b9fe_1a85_ec53
  return hash ^ (hash >> 33)
}

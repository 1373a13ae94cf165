/// CRC-32C (Castagnoli), as in iSCSI and ext4 (RFC 3720, appendix B.4): finds bytes damaged on their way.
///
/// Eight bytes are looked up side by side, each in a table of its own, instead of one after the other. (Kounavis, Berry: "A
/// systematic approach to building high performance, software-based, CRC generators", 2005: "slicing by 8".)
package enum CRC32C {
  /// One behind the other: what each byte comes to that no other follows, that one follows, and so on to seven.
  private static let tables: [UInt32] = {
    var tables: [UInt32] = (0..<256).map { index in
      (0..<8).reduce(UInt32(index)) { crc, _ in (crc >> 1) ^ (crc & 1 == 1 ? 0x82f6_3b78 : 0) }
    }
    for index in 256..<2_048 {
      let before = tables[index - 256]
      tables.append((before >> 8) ^ tables[Int(before & 0xff)])
    }
    return tables
  }()

  package static func checksum(of bytes: Span<UInt8>) -> UInt32 {
    let tables = tables.span
    var crc = UInt32.max
    var offset = 0
    while offset < bytes.count &- 7 {
      let word = bytes.integer(at: offset, as: UInt64.self).byteSwapped ^ UInt64(crc)
      crc =
        entry(7, word, tables) ^ entry(6, word >> 8, tables) ^ entry(5, word >> 16, tables)
        ^ entry(4, word >> 24, tables) ^ entry(3, word >> 32, tables) ^ entry(2, word >> 40, tables)
        ^ entry(1, word >> 48, tables) ^ entry(0, word >> 56, tables)
      offset &+= 8
    }
    for index in offset..<bytes.count {
      crc = (crc >> 8) ^ tables[Int(UInt8(truncatingIfNeeded: crc) ^ bytes[index])]
    }
    return ~crc
  }

  @inline(__always)
  private static func entry(_ table: Int, _ word: UInt64, _ tables: Span<UInt32>) -> UInt32 {
    tables[table << 8 | Int(UInt8(truncatingIfNeeded: word))]
  }
}

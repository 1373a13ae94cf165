import PodShare
import Testing

@Suite("Stable hash")
struct StableHashTests {
  @Test(
    "It is XXH64: known answers",
    arguments: [
      ("", 0xef46_db37_51d8_e999),
      ("a", 0xd24e_c4f1_a98c_6e5b),
      ("abc", 0x44bc_2cf5_ad77_0999),
      ("Nobody inspects the spammish repetition", 0xfbce_a83c_8a37_8bf1),
    ] as [(String, UInt64)])
  func knownAnswers(text: String, hash: UInt64) {
    #expect(StableHash.hash(Key(text)) == hash)
  }

  @Test("Lengths around those at which it goes on differently: known answers")
  func lengths() {
    // Of the text "0123456789..." cut to each length.
    for (length, hash) in Self.byLength {
      let text = String(decoding: (0..<length).map { UInt8(ascii: "0") + UInt8($0 % 10) }, as: UTF8.self)
      #expect(StableHash.hash(Key(text)) == hash, "\(length) bytes")
    }
  }

  @Test("It goes by bytes: two spellings of one text differ, and it does not matter where the bytes are kept")
  func bytes() {
    #expect(StableHash.hash(Key("caf\u{e9}")) != StableHash.hash(Key("cafe\u{301}")))
    let slice = "xxtenant:42xx".dropFirst(2).dropLast(2)
    #expect(StableHash.hash(Key(String(slice))) == StableHash.hash(Key("tenant:42")))
  }

  private static let byLength: [(Int, UInt64)] = [
    (1, 0x6334_5708_1244_afec), (3, 0x1c2d_cb4b_9024_d73d),
    (4, 0x4c33_072b_4564_7dcb), (5, 0x34cb_4c2e_e616_6f65),
    (7, 0x97ee_4fe4_a0ff_4dfa), (8, 0xe4ba_22a4_9ad8_9d3f),
    (9, 0x43ec_c924_8bc0_7d20), (11, 0x0191_aab2_2a1a_b6cc),
    (12, 0xf855_2cd0_1218_4ecb), (15, 0xaec7_9297_2e36_582b),
    (16, 0x0495_0fe6_51ff_347a), (20, 0x2d07_1f53_0b4e_5dcc),
    (31, 0x8b80_da12_8591_b789), (32, 0xe5cc_9f41_1ea1_10ba),
    (33, 0x14c5_04c8_0731_f0bd), (36, 0xa9a7_b43e_248f_a3e1),
    (40, 0xca6f_c80c_bde1_a931), (63, 0x93a9_b435_2b47_5d35),
    (64, 0xd502_f0d5_66ce_31d4), (65, 0xe0e3_b2ac_895e_226e),
    (100, 0xf80e_7b96_315a_fffa),
  ]
}

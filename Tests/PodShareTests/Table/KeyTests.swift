import PodShare
import Testing

@Suite("Key")
struct KeyTests {
  static let composed = "caf\u{e9}"
  static let decomposed = "cafe\u{301}"

  @Test("T15: two spellings that Swift calls equal are two keys")
  func spellings() {
    #expect(Self.composed == Self.decomposed)
    #expect(Key(Self.composed) != Key(Self.decomposed))
    #expect(Set([Key(Self.composed), Key(Self.decomposed)]).count == 2)
    #expect(Key(Self.decomposed) < Key(Self.composed))
  }

  @Test("The same bytes are one key, wherever they come from")
  func sameBytes() {
    let text = "ws:\(42):é"
    let slice = "xx\(text)xx".dropFirst(2).dropLast(2)
    #expect(Key(String(slice)) == Key(text))
    #expect(Key(String(slice)).hashValue == Key(text).hashValue)
    #expect(Key(String(decoding: Array(text.utf8), as: UTF8.self)) == Key(text))
  }

  @Test("No key is the beginning of another's hash")
  func empty() {
    #expect(Key("") == Key(String()))
    #expect(Key("") < Key("\0"))
    #expect(Key("a") < Key("a\0"))
  }
}

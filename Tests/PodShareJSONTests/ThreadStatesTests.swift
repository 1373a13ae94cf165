import Testing

@testable import PodShareJSON

@Suite("What a thread keeps for the next value")
struct ThreadStatesTests {
  // Nothing here suspends: each test is one thread throughout.

  @Test("The memory that one value was encoded in is there for the next, also after an error")
  func encoding() throws {
    // Weak: an address may be used again without being kept.
    weak var kept: EncodingState?
    do {
      let state = ThreadStates.takeEncoding()
      kept = state
      ThreadStates.put(back: consume state)
    }
    try #require(kept != nil)
    _ = try JSON.encode([1, 2]) { _ in }
    #expect(kept != nil)
    #expect(throws: EncodingError.self) { try JSON.encode([Double.nan]) { _ in } }
    #expect(kept != nil)
  }

  @Test("The memory that one value was decoded in is there for the next, also after an error")
  func decoding() throws {
    weak var kept: DecodingState?
    do {
      let state = ThreadStates.takeDecoding()
      kept = state
      ThreadStates.put(back: consume state)
    }
    try #require(kept != nil)
    let nothing: [UInt8] = []
    #expect(throws: DecodingError.self) { try JSON.decode(Int.self, from: nothing.span) }
    #expect(kept != nil)
    _ = try JSON.decode(Int.self, from: [UInt8(ascii: "1")].span)
    #expect(kept != nil)
  }
}

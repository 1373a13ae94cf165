import NIOCore
import Testing

@testable import PodShare

@Suite("Known authors")
struct KnownAuthorsTests {
  private let authors = KnownAuthors()

  private func message(by author: PodIdentity) throws -> ByteBuffer {
    var encoder = WriteEncoder(author: author)
    try encoder.set(Key("k")) { $0.writeInteger(UInt8(ascii: "1")) }
    let time = Timestamp(nanoseconds: 1)
    return encoder.finish(WriteStamp(timestamp: time, firstSequence: author.incarnation + 1, wall: time))
  }

  @Test("Those who write in turn are all known, however long their names")
  func several() throws {
    let pods = (0..<16).map {
      PodIdentity(nodeID: String(repeating: "n", count: 1 + 16 * $0), incarnation: UInt64(1 << 40 + $0))
    }
    for pod in pods { authors.insert(pod) }
    for pod in pods {
      let message = try message(by: pod)
      let sender = try #require(authors.sender(of: message))
      #expect(sender.identity == pod)
      #expect(WireDecoder.plainWrite(message, by: sender)?.version.author == pod)
    }
  }

  @Test("Of two that share a place, the message tells which one it is of")
  func shared() throws {
    let (one, other) = (
      PodIdentity(nodeID: "a", incarnation: 5), PodIdentity(nodeID: "b", incarnation: 256 + 5)
    )
    authors.insert(one)
    let sender = try #require(authors.sender(of: try message(by: other)))
    #expect(sender.identity == one)
    #expect(WireDecoder.plainWrite(try message(by: other), by: sender) == nil)
    authors.insert(other)
    #expect(authors.sender(of: try message(by: one))?.identity == other)
  }

  @Test("A message cut short is nobody's, and nothing is read beyond it")
  func short() throws {
    let pod = PodIdentity(nodeID: "pod", incarnation: 5)
    authors.insert(pod)
    let message = try message(by: pod)
    for length in 0..<14 {
      #expect(authors.sender(of: try #require(message.getSlice(at: 0, length: length)))?.identity == nil)
    }
    #expect(authors.sender(of: try #require(message.getSlice(at: 0, length: 14)))?.identity == pod)
  }
}

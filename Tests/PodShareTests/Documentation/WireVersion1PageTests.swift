import Foundation
import NIOCore
import Testing

@testable import PodShare

@Suite("The page on wire version 1")
struct WireVersion1PageTests {
  @Test("Choosing the format")
  func choosing() async throws {
    struct Limits: Codable {}
    let transport = MemoryTransport()
    // shown
    var configuration = StoreConfiguration<Limits>()
    configuration.wireFormat = .v1
    let store = try await Store.join("limits", over: transport, configuration: configuration)
    // end
    try await store.close()
  }

  @Test("shows an event and a snapshot as they are written")
  func examples() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
    let page = try String(
      contentsOf: root.appending(path: "Sources/PodShare/PodShare.docc/WireVersion1.md"), encoding: .utf8)
    let time = Timestamp(nanoseconds: 1_779_962_400_123_400_000)
    let version = Version(
      timestamp: time, author: PodIdentity(ofUnknownIncarnation: "pod-a"), sequence: 7)
    let entry = WireEntry(
      key: Key("limit"), version: version, epoch: .beginning,
      content: .set(lifetime: .permanent, bytes: ByteBuffer(string: "1000")))
    #expect(page.contains("```\n\(String(buffer: try WireVersion1.encodeEvent(entry)))\n```"))
    #expect(page.contains("```\n\(String(buffer: WireVersion1.encodeSnapshot([entry]).snapshot))\n```"))
  }
}

import NIOCore
import Testing

@testable import PodShare

@Suite("Wire version 1: calls, replies and routes")
struct CallTests {
  private static let call =
    #"{"type":"call","id":"d50b9a5acd8a7cefe18e08e7","reply":"callreply:inbox:pod-b","target":"ws:alice","method":"Send","args":"aGVsbG8=","deadline":1795374667692423628}"#
  private static let reply = #"{"type":"reply","id":"d50b9a5acd8a7cefe18e08e7","result":"aGVsbG8="}"#
  private static let route = #"{"pod_id":"pod-a","updated_at":"2026-11-22T19:11:03.098084919Z"}"#

  private func read(_ text: String) throws(WireError) -> WireVersion1.CallMessage {
    try WireVersion1.decodeCall(ByteBuffer(string: text))
  }

  @Test("a Go pod's call reads as what it says, and writes back as the same bytes")
  func callVector() throws {
    let message = try read(Self.call)
    #expect(
      message
        == .call(
          .init(
            id: "d50b9a5acd8a7cefe18e08e7", replyTopic: "callreply:inbox:pod-b", target: "ws:alice",
            method: "Send",
            arguments: Array("hello".utf8), deadline: 1_795_374_667_692_423_628)))
    #expect(String(buffer: WireVersion1.encodeCall(message)) == Self.call)
  }

  @Test("a Go pod's reply reads as what it says, and writes back as the same bytes")
  func replyVector() throws {
    let message = try read(Self.reply)
    #expect(message == .reply(.init(id: "d50b9a5acd8a7cefe18e08e7", error: "", result: Array("hello".utf8))))
    #expect(String(buffer: WireVersion1.encodeCall(message)) == Self.reply)
  }

  @Test("a Go pod's route reads as what it says, and writes back as the same bytes")
  func routeVector() throws {
    let route = try WireVersion1.decodeRoute(ByteBuffer(string: Self.route))
    #expect(route.nodeID == "pod-a")
    #expect(route.updatedAt.description == "2026-11-22T19:11:03.098084919Z")
    #expect(String(buffer: WireVersion1.encodeRoute(route)) == Self.route)
  }

  @Test("a reply that says why a call failed")
  func failure() throws {
    let message = WireVersion1.CallMessage.reply(.init(id: "1", error: "endpoint <busy>", result: []))
    let text = String(buffer: WireVersion1.encodeCall(message))
    #expect(text == #"{"type":"reply","id":"1","error":"endpoint \u003cbusy\u003e"}"#)
    #expect(try read(text) == message)
  }

  @Test("a deadline may lie before 1970, and is at most what 64 bits with a sign hold")
  func deadlines() throws {
    for deadline in [Int64.min, -1, 1, .max] {
      let message = WireVersion1.CallMessage.call(
        .init(id: "1", replyTopic: "r", target: "t", method: "m", arguments: [], deadline: deadline))
      #expect(try read(String(buffer: WireVersion1.encodeCall(message))) == message)
    }
    for bad in ["9223372036854775808", "1.5", "1e3", "\"1\""] {
      #expect(throws: WireError.self) { try read(#"{"type":"call","id":"1","deadline":\#(bad)}"#) }
    }
  }

  @Test(
    "what is neither a call nor a reply, or has no ID, is refused",
    arguments: [
      "{}", "null", "", #"{"type":"call"}"#, #"{"type":"call","id":""}"#, #"{"id":"1"}"#,
      #"{"type":"shout","id":"1"}"#,
      #"{"type":"call","id":1}"#, #"{"type":"call","id":"1","args":"?"}"#, #"{"type":"call","id":"1"}x"#,
    ])
  func refused(text: String) {
    #expect(throws: WireError.self) { try read(text) }
  }

  @Test(
    "a route without a pod or an instant is refused",
    arguments: [
      "{}", #"{"pod_id":"","updated_at":"2026-11-22T19:11:03Z"}"#, #"{"pod_id":"a"}"#,
      #"{"pod_id":"a","updated_at":"now"}"#,
    ])
  func badRoutes(text: String) {
    #expect(throws: WireError.self) { try WireVersion1.decodeRoute(ByteBuffer(string: text)) }
  }
}

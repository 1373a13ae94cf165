import Foundation
import Testing

@testable import PodShareTool

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("A pod as one of the Go library sees it", .timeLimit(.minutes(1)))
struct WireVersion1ProcessTests {
  /// A connection as a Go pod makes it: bytes, and no greeting.
  private final class GoPod {
    private let connection: Int32
    private var received: [UInt8] = []

    init(port: Int) throws {
      #if canImport(Darwin)
        connection = socket(AF_INET, SOCK_STREAM, 0)
      #else
        connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      #endif
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = in_port_t(port).bigEndian
      address.sin_addr.s_addr = inet_addr("127.0.0.1")
      let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      guard result == 0 else { throw ToolError("cannot connect") }
      _ = fcntl(connection, F_SETFL, O_NONBLOCK)
    }

    deinit { close(connection) }

    func send(_ kind: UInt8, topic: String, _ payload: String = "") {
      let length = UInt32(3 + topic.utf8.count + payload.utf8.count)
      var frame = withUnsafeBytes(of: length.bigEndian) { Array($0) } + [kind]
      frame +=
        [UInt8(topic.utf8.count >> 8), UInt8(topic.utf8.count & 0xff)] + Array(topic.utf8)
        + Array(payload.utf8)
      _ = frame.withUnsafeBytes { write(connection, $0.baseAddress!, $0.count) }
    }

    /// The payloads of the frames of a kind that have come so far.
    func payloads(_ kind: UInt8) -> [String] {
      var part = [UInt8](repeating: 0, count: 65_536)
      while case let count = read(connection, &part, part.count), count > 0 { received += part.prefix(count) }
      var payloads: [String] = []
      var rest = received[...]
      while rest.count >= 4 {
        let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard rest.count >= 4 + length else { break }
        let frame = rest.dropFirst(4).prefix(length)
        let topicLength = frame.dropFirst().prefix(2).reduce(0) { $0 << 8 | Int($1) }
        if frame.first == kind {
          payloads.append(String(decoding: frame.dropFirst(3 + topicLength), as: UTF8.self))
        }
        rest = rest.dropFirst(4 + length)
      }
      return payloads
    }

    func wait(for kind: UInt8, _ isWanted: (String) -> Bool) async throws -> String {
      let deadline = ContinuousClock.now + .seconds(10)
      while ContinuousClock.now < deadline {
        if let payload = payloads(kind).first(where: isWanted) { return payload }
        try await Task.sleep(for: .milliseconds(5))
      }
      throw ToolError("no such frame of kind \(kind) among \(payloads(kind))")
    }
  }

  // Captured off a running Go pod, as the next one.
  private let set =
    #"{"v":1,"kind":"set","key":"checkout","value":"eyJyYXRlX2xpbWl0IjoxMDAsIm5hbWUiOiJjaGVja291dC1yYXRlIn0=","#
    + #""origin":"pod-a","timestamp":"2026-11-22T19:10:58.521349385Z","seq":1}"#
  private let delete =
    #"{"v":1,"kind":"delete","key":"checkout","origin":"pod-a","timestamp":"2026-11-22T19:10:58.521487863Z","seq":2}"#

  @Test("Frames recorded from a Go pod are understood, and it is sent what it understands, both ways")
  func bothWays() async throws {
    try await Tool.run { tool in
      let pod = try await tool.pod("swift", "--wire", "v1", "--topic", "flags")
      let go = try GoPod(port: Int(pod.address.split(separator: ":").last ?? "") ?? 0)
      go.send(1, topic: "flags", set)
      #expect(try await pod.event() == #"event set checkout {"rate_limit":100,"name":"checkout-rate"} pod-a"#)
      #expect(
        try await pod.ask("get checkout") == #"value checkout {"rate_limit":100,"name":"checkout-rate"}"#)
      go.send(2, topic: "flags")
      let snapshot = try await go.wait(for: 3) { !$0.isEmpty }
      #expect(
        snapshot
          == #"{"v":1,"entries":{"checkout":{"value":"eyJyYXRlX2xpbWl0IjoxMDAsIm5hbWUiOiJjaGVja291dC1yYXRlIn0=","#
          + #""timestamp":"2026-11-22T19:10:58.521349385Z","origin":"pod-a","seq":1}}}"#)
      go.send(1, topic: "flags", delete)
      #expect(try await pod.event() == "event delete checkout null pod-a")

      #expect(try await pod.ask(#"set limit {"rate_limit":1,"name":"x"}"#) == "ok")
      let event = try await go.wait(for: 1) { $0.contains("limit") }
      #expect(
        event.hasPrefix(
          #"{"v":1,"kind":"set","key":"limit","value":"eyJyYXRlX2xpbWl0IjoxLCJuYW1lIjoieCJ9","origin":"swift","timestamp":""#
        ), "\(event)")
    }
  }
}

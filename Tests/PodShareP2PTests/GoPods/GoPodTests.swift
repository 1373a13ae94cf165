import Foundation
import NIOConcurrencyHelpers
import NIOCore
import PodShare
import PodShareP2P
import Testing

@testable import struct PodShareP2P.Frame

@Suite("Beside pods of the Go library", .timeLimit(.minutes(1)))
struct GoPodTests {
  private struct Flag: Codable, Sendable, Equatable {
    var rateLimit: Int
    var name: String

    enum CodingKeys: String, CodingKey {
      case rateLimit = "rate_limit"
      case name
    }
  }

  // Captured off a running Go pod.
  private let set =
    #"{"v":1,"kind":"set","key":"checkout","value":"eyJyYXRlX2xpbWl0IjoxMDAsIm5hbWUiOiJjaGVja291dC1yYXRlIn0=","#
    + #""origin":"pod-a","timestamp":"2026-11-22T19:10:58.521349385Z","seq":1}"#
  private let delete =
    #"{"v":1,"kind":"delete","key":"checkout","origin":"pod-a","timestamp":"2026-11-22T19:10:58.521487863Z","seq":2}"#
  private let snapshot =
    #"{"v":1,"entries":{"a":{"value":"eyJyYXRlX2xpbWl0IjoxLCJuYW1lIjoieCJ9","#
    + #""timestamp":"2026-11-22T19:10:58.521508832Z","origin":"pod-a","seq":3},"#
    + #""b":{"value":"eyJyYXRlX2xpbWl0IjoyLCJuYW1lIjoieSJ9","timestamp":"2026-11-22T19:10:58.521508832Z","#
    + #""origin":"pod-a","seq":4},"checkout":{"timestamp":"2026-11-22T19:10:58.521487863Z","origin":"pod-a","#
    + #""tombstone":true,"seq":2}}}"#

  private func start() async throws -> TestPod {
    try await TestPod.start("swift") { $0.handshakeTimeout = .milliseconds(100) }
  }

  private func join(_ pod: TestPod) async throws -> Store<Flag> {
    try await pod.join("flags", of: Flag.self) {
      $0.wireFormat = .v1
      $0.joinTimeout = .milliseconds(50)
    }
  }

  @Test(
    "Events of a Go pod are applied, and it gets events, as frames it knows and nothing else but one greeting"
  )
  func events() async throws {
    let pod = try await start()
    let store = try await join(pod)
    let go = try await RawPeer(to: try pod.address)
    try await go.send(.message, topic: "flags", payload: ByteBuffer(string: set))
    await eventually("the set arrives") { store["checkout"] == Flag(rateLimit: 100, name: "checkout-rate") }
    try await go.send(.message, topic: "flags", payload: ByteBuffer(string: delete))
    await eventually("the delete arrives") { store["checkout"] == nil }

    try store.set("mine", to: Flag(rateLimit: 7, name: "é<"))
    try store.setMany([("many1", Flag(rateLimit: 1, name: "")), ("many2", Flag(rateLimit: 2, name: ""))])
    try store.set("long", to: Flag(rateLimit: 8, name: String(repeating: "l", count: 200_000)))
    try store.delete("mine")
    await eventually("it has them") { try! go.frames().filter { $0.kind == .message }.count == 5 }
    let frames = try go.frames()
    let unknown = frames.filter { ![.message, .snapshotRequest, .snapshotResponse].contains($0.kind) }
    #expect(
      unknown.map(\.kind) == [.hello], "a Go pod passes over what it does not know, and need not do so often")
    let events = frames.filter { $0.kind == .message }
    #expect(events.allSatisfy { $0.topic == ByteBuffer(string: "flags") })
    let texts = events.map { String(buffer: $0.payload) }
    #expect(texts[0].hasPrefix(#"{"v":1,"kind":"set","key":"mine","value":"eyJ"#), "\(texts[0])")
    #expect(texts[0].contains(#""origin":"swift""#))
    #expect(texts.contains { $0.hasPrefix(#"{"v":1,"kind":"delete","key":"mine","origin":"swift""#) })
    #expect(texts.contains { $0.utf8.count > 200_000 })
    try await store.close()
    try await go.close()
    try await pod.close()
  }

  @Test("T30: a Go pod that asks for the state gets it as it is, in the frames of a Go pod")
  func servesSnapshots() async throws {
    let pod = try await start()
    let store = try await join(pod)
    try store.set("key", to: Flag(rateLimit: 1, name: "x"))
    let go = try await RawPeer(to: try pod.address)
    try await go.send(hex: "00000008020005666c616773")
    await eventually("the answer comes") { try! go.frames().contains { $0.kind == .snapshotResponse } }
    let answer = try #require(try go.frames().first { $0.kind == .snapshotResponse })
    #expect(answer.topic == ByteBuffer(string: "flags"))
    #expect(
      String(buffer: answer.payload).hasPrefix(
        #"{"v":1,"entries":{"key":{"value":"eyJyYXRlX2xpbWl0IjoxLCJuYW1lIjoieCJ9","timestamp":""#),
      "\(String(buffer: answer.payload))")
    // Of a topic that nobody here has there is none.
    try await go.send(.snapshotRequest, topic: "other")
    await eventually("an empty answer comes") {
      try! go.frames().filter { $0.kind == .snapshotResponse }.count == 2
    }
    #expect(try go.frames().last { $0.kind == .snapshotResponse }?.payload.readableBytes == 0)
    try await store.close()
    try await go.close()
    try await pod.close()
  }

  @Test("A Go pod that is there is asked for its state when a store joins, and when it comes later")
  func fetchesSnapshots() async throws {
    let pod = try await start()
    let go = try await RawPeer(to: try pod.address)
    await eventually("it is taken for a Go pod") { await pod.transport.linkedPeers.contains { $0.isGoPod } }
    let answering = Task { [snapshot] in
      var answered = 0
      while !Task.isCancelled {
        let asked = try go.frames().filter { $0.kind == .snapshotRequest }.count
        while answered < asked {
          try await go.send(.snapshotResponse, topic: "flags", payload: ByteBuffer(string: snapshot))
          answered += 1
        }
        try await Task.sleep(for: .milliseconds(5))
      }
    }
    let store = try await join(pod)
    #expect(store["a"] == Flag(rateLimit: 1, name: "x"))
    #expect(store["b"] == Flag(rateLimit: 2, name: "y"))
    #expect(store.keys.count == 2)
    answering.cancel()
    _ = try? await answering.value
    try await go.close()

    // One that comes later, with something that is not known yet.
    let late = try await RawPeer(to: try pod.address)
    await eventually("it is asked", within: .seconds(10)) {
      try! late.frames().contains { $0.kind == .snapshotRequest && $0.topic == ByteBuffer(string: "flags") }
    }
    let newer = snapshot.replacingOccurrences(of: #""a":"#, with: #""later":"#)
    try await late.send(.snapshotResponse, topic: "flags", payload: ByteBuffer(string: newer))
    await eventually("what it has is there") { store["later"] == Flag(rateLimit: 1, name: "x") }
    try await store.close()
    try await late.close()
    try await pod.close()
  }

  @Test("A pod that does not want Go pods refuses what does not introduce itself")
  func refused() async throws {
    let pod = try await TestPod.start("strict") {
      $0.acceptsGoPods = false
      $0.handshakeTimeout = .milliseconds(100)
    }
    let go = try await RawPeer(to: try pod.address)
    try await go.send(hex: "00000008020005666c616773")
    await eventually("it is cut off") { go.isClosed }
    let silent = try await RawPeer(to: try pod.address)
    await eventually("so is one that says nothing") { silent.isClosed }
    #expect(await pod.transport.linkedPeers.isEmpty)
    try await pod.close()
  }
}

import Dispatch
import Foundation
import NIOConcurrencyHelpers
import NIOCore
import PodShare
import Testing

// The code of "Writing a transport".

// shown
/// A thread that works through a queue of limited size, in order.
final class Courier: Sendable {
  private let thread: DispatchQueue
  private let limit: Int
  private let waiting = NIOLockedValueBox(0)

  init(_ name: String, limit: Int) {
    thread = DispatchQueue(label: name)
    self.limit = limit
  }

  /// Adds work that keeps so many bytes in memory until it is done; false if there is no room for them.
  func offer(_ bytes: Int, _ work: @escaping @Sendable () -> Void) -> Bool {
    let hasRoom = waiting.withLockedValue { waiting in
      // In an empty queue there is room for anything: what is larger than the limit would never get through.
      guard waiting == 0 || waiting + bytes <= limit else { return false }
      waiting += bytes
      return true
    }
    guard hasRoom else { return false }
    thread.async { [self] in
      work()
      waiting.withLockedValue { $0 -= bytes }
    }
    return true
  }

  /// Adds work that is small and seldom.
  func add(_ work: @escaping @Sendable () -> Void) {
    thread.async(execute: work)
  }
}

/// What transports are connected to: the network.
final class Bus: Sendable {
  private let transports = NIOLockedValueBox<[BusTransport]>([])

  func add(_ transport: BusTransport) {
    transports.withLockedValue { $0.append(transport) }
  }

  func remove(_ transport: BusTransport) {
    transports.withLockedValue { $0.removeAll { $0 === transport } }
  }

  func deliver(_ message: ByteBuffer, to topic: String) {
    for transport in transports.withLockedValue({ $0 }) { transport.receive(message, from: topic) }
  }
}

/// One pod's connection to a bus, until it is closed.
final class BusTransport: Transport {
  private typealias Subscriber = @Sendable (TransportEvent) -> Void

  private struct State {
    var isOpen = true
    // By the topic's bytes: two spellings that Swift calls equal are two topics.
    var topics: [[UInt8]: [Int: Subscriber]] = [:]
    var lastID = 0
    var mustTellOfLoss = false
  }

  private let bus: Bus
  private let outgoing: Courier
  private let incoming: Courier
  private let state = NIOLockedValueBox(State())

  init(on bus: Bus, queueLimit: Int = 64 * 1_024 * 1_024) {
    self.bus = bus
    outgoing = Courier("outgoing", limit: queueLimit)
    incoming = Courier("incoming", limit: queueLimit)
    bus.add(self)
  }

  private var isOpen: Bool { state.withLockedValue { $0.isOpen } }

  func publish(_ message: ByteBuffer, to topic: String) -> PublishOutcome {
    guard isOpen else { return .disconnected }
    let isTaken = outgoing.offer(message.readableBytes) { [bus] in bus.deliver(message, to: topic) }
    return isTaken ? .accepted : .queueFull
  }

  func drain() async throws(TransportError) {
    guard isOpen else { throw TransportError(.closed, "this transport was closed") }
    await withCheckedContinuation { done in outgoing.add { done.resume() } }
  }

  func subscribe(
    to topic: String, onEvent: @escaping @Sendable (TransportEvent) -> Void
  ) async throws(TransportError) -> TransportSubscription {
    let topic = Array(topic.utf8)
    let id = state.withLockedValue { state -> Int? in
      guard state.isOpen else { return nil }
      state.lastID += 1
      state.topics[topic, default: [:]][state.lastID] = onEvent
      return state.lastID
    }
    guard let id else { throw TransportError(.closed, "this transport was closed") }
    return TransportSubscription { [weak self] in self?.unsubscribe(id, from: topic) }
  }

  private func unsubscribe(_ id: Int, from topic: [UInt8]) {
    // The callback is returned, so that it is freed after the lock: it may hold the last reference to anything.
    _ = state.withLockedValue { state in
      let callback = state.topics[topic]?.removeValue(forKey: id)
      if state.topics[topic]?.isEmpty == true { state.topics[topic] = nil }
      return callback
    }
  }

  func close() async throws(TransportError) {
    bus.remove(self)
    _ = state.withLockedValue { state in
      state.isOpen = false
      defer { state.topics = [:] }
      return state.topics
    }
  }

  // MARK: Receiving

  /// Called on the sender's thread, which must not wait for this pod.
  fileprivate func receive(_ message: ByteBuffer, from topic: String) {
    let topic = Array(topic.utf8)
    guard !subscribers(to: topic).isEmpty else { return }
    let isTaken = incoming.offer(message.readableBytes) { [self] in
      for subscriber in subscribers(to: topic) { subscriber(.message(message)) }
    }
    if !isTaken { tellOfLoss() }
  }

  /// A message did not fit and is gone. The stores make that good, provided that they are told.
  private func tellOfLoss() {
    let isFirst = state.withLockedValue { state in
      defer { state.mustTellOfLoss = true }
      return !state.mustTellOfLoss
    }
    guard isFirst else { return }
    incoming.add { [self] in
      // What is lost from here on is told of anew.
      state.withLockedValue { $0.mustTellOfLoss = false }
      for event in [TransportEvent.interrupted, .resumed] {
        for subscriber in allSubscribers { subscriber(event) }
      }
    }
  }

  private func subscribers(to topic: [UInt8]) -> [Subscriber] {
    state.withLockedValue { $0.topics[topic].map { Array($0.values) } ?? [] }
  }

  private var allSubscribers: [Subscriber] {
    state.withLockedValue { $0.topics.values.flatMap(\.values) }
  }
}
// end

// shown
/// Any transport, and beside it the state of each topic in a file.
struct FileKeepingTransport: SnapshotTransport {
  let base: any Transport
  let folder: URL

  func saveSnapshot(
    _ snapshot: ByteBuffer, of topic: String, replacing revision: ByteBuffer?
  ) async throws(TransportError) -> Bool {
    do {
      // Files have no revisions: of two pods on this machine that save at once, the later wins for a while.
      try Data(snapshot.readableBytesView).write(to: file(of: topic), options: .atomic)
      return true
    } catch {
      throw TransportError(.failed, "the snapshot could not be written: \(error)")
    }
  }

  func fetchSnapshot(of topic: String) async throws(TransportError) -> KeptSnapshot? {
    do {
      return KeptSnapshot(ByteBuffer(bytes: try Data(contentsOf: file(of: topic))))
    } catch CocoaError.fileReadNoSuchFile {
      return nil
    } catch {
      throw TransportError(.failed, "the snapshot could not be read: \(error)")
    }
  }

  private func file(of topic: String) -> URL {
    // A topic may hold whatever file names may not. File names are shorter, too: long topics fail.
    folder.appending(path: topic.utf8.map { String(Int($0) + 256, radix: 16).suffix(2) }.joined())
  }

  func publish(_ message: ByteBuffer, to topic: String) -> PublishOutcome { base.publish(message, to: topic) }

  func drain() async throws(TransportError) { try await base.drain() }

  func subscribe(
    to topic: String, onEvent: @escaping @Sendable (TransportEvent) -> Void
  ) async throws(TransportError) -> TransportSubscription {
    try await base.subscribe(to: topic, onEvent: onEvent)
  }

  func close() async throws(TransportError) { try await base.close() }
}
// end

@Suite("The documentation's code: writing a transport")
struct WritingATransportPageTests {
  @Test("Two stores converge over it, and a third takes over what they hold")
  func converge() async throws {
    func show() async throws {
      // shown
      let bus = Bus()
      let a = try await Store<Int>.join("limits", over: BusTransport(on: bus))
      let b = try await Store<Int>.join("limits", over: BusTransport(on: bus))
      // end
      _ = (a, b)
    }
    _ = show

    let bus = Bus()
    let a = try await store("a", over: BusTransport(on: bus), isFirst: true)
    let b = try await store("b", over: BusTransport(on: bus))
    for number in 0..<500 {
      try a.set("a \(number)", to: number)
      try b.set("b \(number)", to: number)
      try a.set("both", to: number)
      try b.set("both", to: -number)
    }
    try b.delete("a 0")
    try await a.flush()
    try await b.flush()
    let c = try await store("c", over: BusTransport(on: bus))
    await eventually("all hold the same") {
      a.count >= 1_000 && a.contents == b.contents && a.contents == c.contents
    }
    for store in [a, b, c] { try await store.close() }
  }

  @Test("What a receiver's queue has no room for arrives in the end")
  func overflow() async throws {
    let bus = Bus()
    let slow = BusTransport(on: bus, queueLimit: 50_000)
    let a = try await store("a", over: BusTransport(on: bus), isFirst: true)
    let b = try await store("b", over: slow)
    try b.set("b", to: 1)

    let hold = DispatchSemaphore(value: 0)
    let losses = NIOLockedValueBox(0)
    let blocker = try await slow.subscribe(to: "limits") { event in
      switch event {
      case .message: hold.wait()
      case .interrupted: losses.withLockedValue { $0 += 1 }
      case .resumed: break
      }
    }
    for number in 0..<4_000 { try a.set("a \(number % 100)", to: number) }
    try await a.flush()
    for _ in 0..<4_000 { hold.signal() }
    await eventually("the loss has been told") { losses.withLockedValue { $0 > 0 } }
    blocker.cancel()
    for _ in 0..<4_000 { hold.signal() }

    await eventually("both hold everything") { a.count == 101 && a.contents == b.contents }
    try await a.close()
    try await b.close()
  }

  @Test("It refuses what has no room, takes what is larger than its queue when that is empty, and drains")
  func bounds() async throws {
    let bus = Bus()
    let sender = BusTransport(on: bus, queueLimit: 10)
    let receiver = BusTransport(on: bus, queueLimit: 10)
    let received = NIOLockedValueBox<[String]>([])
    let hold = DispatchSemaphore(value: 0)
    let subscription = try await receiver.subscribe(to: "topic") { event in
      hold.wait()
      received.withLockedValue {
        switch event {
        case .message(let bytes): $0.append("\(bytes.readableBytes) bytes")
        case .interrupted: $0.append("interrupted")
        case .resumed: $0.append("resumed")
        }
      }
    }
    #expect(sender.publish(ByteBuffer(repeating: 0, count: 50), to: "topic") == .accepted)
    try await sender.drain()
    // The receiver is busy with the first and has no room for these. The sender does not wait for it.
    #expect(sender.publish(ByteBuffer(repeating: 0, count: 4), to: "topic") == .accepted)
    try await sender.drain()
    #expect(sender.publish(ByteBuffer(repeating: 0, count: 5), to: "topic") == .accepted)
    try await sender.drain()
    for _ in 0..<3 { hold.signal() }
    await eventually("the loss has been told, once") {
      received.withLockedValue { $0 == ["50 bytes", "interrupted", "resumed"] }
    }
    hold.signal()
    #expect(sender.publish(ByteBuffer(repeating: 0, count: 6), to: "topic") == .accepted)
    await eventually("it goes on") { received.withLockedValue { $0.last == "6 bytes" } }
    try await sender.drain()

    subscription.cancel()
    let again = try await receiver.subscribe(to: "topic") { _ in
      received.withLockedValue { $0.append("to the second") }
    }
    #expect(sender.publish(ByteBuffer(repeating: 0, count: 7), to: "topic") == .accepted)
    await eventually("the topic can be subscribed to again") {
      received.withLockedValue { $0.last == "to the second" }
    }
    again.cancel()
    try await receiver.close()
    try await sender.close()
    #expect(sender.publish(ByteBuffer(), to: "topic") == .disconnected)
    await #expect(throws: TransportError.self) { try await sender.drain() }
    await #expect(throws: TransportError.self) {
      _ = try await sender.subscribe(to: "topic") { _ in }
    }
  }

  @Test("A full outgoing queue refuses")
  func refusal() async throws {
    let bus = Bus()
    let transport = BusTransport(on: bus, queueLimit: 10)
    let started = TestSignal()
    let hold = DispatchSemaphore(value: 0)
    let courier = Courier("test", limit: 10)
    #expect(
      courier.offer(50) {
        started.send()
        hold.wait()
      })
    await started.wait()
    #expect(!courier.offer(1) {})
    hold.signal()
    await eventually("there is room again") { courier.offer(10) {} }
    try await transport.close()
  }

  @Test("A snapshot in a file outlives the pods")
  func files() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "snapshots-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }

    func show() async throws {
      let bus = Bus()
      // shown
      let transport = FileKeepingTransport(base: BusTransport(on: bus), folder: folder)
      let store = try await Store<Int>.join("limits", over: transport)
      // end
      _ = store
    }
    _ = show

    let missing = FileKeepingTransport(base: BusTransport(on: Bus()), folder: folder)
    #expect(try await missing.fetchSnapshot(of: "limits") == nil)

    let first = try await store(
      "first", over: FileKeepingTransport(base: BusTransport(on: Bus()), folder: folder), isFirst: true)
    try first.set("kept", to: 1)
    try first.set("deleted", to: 2)
    try first.delete("deleted")
    try await first.close()

    let second = try await store(
      "second", over: FileKeepingTransport(base: BusTransport(on: Bus()), folder: folder), isFirst: true)
    #expect(second.snapshot().dictionary == ["kept": 1])
    #expect(second.statistics.tombstones == 1)
    try await second.close()
  }

  private func store(
    _ nodeID: String, over transport: any Transport, isFirst: Bool = false
  ) async throws -> Store<Int> {
    var configuration = StoreConfiguration<Int>()
    configuration.nodeID = nodeID
    // Whoever is there answers, be the machine ever so busy.
    configuration.joinTimeout = isFirst ? .zero : .seconds(50)
    configuration.syncInterval = .milliseconds(20)
    return try await Store.join("limits", over: transport, configuration: configuration)
  }
}

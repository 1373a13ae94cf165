import NIOConcurrencyHelpers
import PodShare
import PodShareP2P
import PodShareTestKit
import Testing

@Suite("Discovery by DNS", .timeLimit(.minutes(1)))
struct DNSDiscovererTests {
  private struct NoSuchHost: Error {}
  private struct TimedOut: Error {}

  /// A name service that answers as it is told, and a discoverer that asks it on a clock that stands still.
  private struct Fixture {
    typealias Answer = Result<[String], any Error>

    let clock = TestClock()
    let log = DiscoveryLog()
    let answer: NIOLockedValueBox<Answer>
    let discoverer: DNSDiscoverer

    init(_ answer: Answer, myself: PeerAddress? = nil, interval: Duration = .seconds(10)) {
      let box = NIOLockedValueBox(answer)
      self.answer = box
      discoverer = DNSDiscoverer(
        host: "pods", port: 9101, myself: myself, interval: interval, onError: log.error,
        resolver: { _ in try box.withLockedValue { $0 }.get() }, time: clock.time)
    }

    func set(_ answer: Answer) { self.answer.withLockedValue { $0 = answer } }

    /// Runs the discoverer while `body` runs, from the moment at which the first look-up is over.
    func run(_ body: () async throws -> Void) async throws {
      let (discoverer, log) = (discoverer, log)
      let running = Task { await discoverer.run(log.peers) }
      try await clock.waitForSleepers(1)
      try await body()
      running.cancel()
      await running.value
    }

    /// Lets the next look-up happen.
    func nextRound() async throws {
      clock.advance(by: .seconds(12))
      try await clock.waitForSleepers(1)
    }
  }

  @Test("finds what the name resolves to, with A and AAAA records, the latter in brackets, each once, sorted")
  func findsAll() async throws {
    let fixture = Fixture(.success(["10.0.0.2", "fd00::1", "10.0.0.1", "10.0.0.2"]))
    try await fixture.run {}
    #expect(fixture.log.found == [["10.0.0.1:9101", "10.0.0.2:9101", "[fd00::1]:9101"]])
    #expect(
      fixture.log.found.first?.map(\.description) == ["10.0.0.1:9101", "10.0.0.2:9101", "[fd00::1]:9101"])
    #expect(fixture.log.errors.isEmpty)
  }

  @Test("leaves this pod out", arguments: ["10.0.0.1:9101", "[fd00::1]:9101", "[FD00:0:0:0:0:0:0:1]:9101"])
  func leavesMyselfOut(myself: String) async throws {
    let fixture = Fixture(.success(["10.0.0.1", "10.0.0.2", "fd00::1"]), myself: PeerAddress(myself))
    try await fixture.run {}
    let found = try #require(fixture.log.found.first)
    #expect(found.count == 2)
    #expect(found.contains("10.0.0.2:9101"))
  }

  @Test("does not take a pod on another port for this one")
  func otherPort() async throws {
    let fixture = Fixture(.success(["10.0.0.1"]), myself: "10.0.0.1:9102")
    try await fixture.run {}
    #expect(fixture.log.found == [["10.0.0.1:9101"]])
  }

  @Test("finding this pod alone is an answer: there is nobody else")
  func alone() async throws {
    let fixture = Fixture(.success(["10.0.0.1"]), myself: "10.0.0.1:9101")
    try await fixture.run {}
    #expect(fixture.log.found == [[]])
    #expect(fixture.log.errors.isEmpty)
  }

  @Test("A look-up that fails keeps the peers, and is reported once")
  func failureKeepsPeers() async throws {
    let fixture = Fixture(.success(["10.0.0.1"]))
    try await fixture.run {
      fixture.set(.failure(NoSuchHost()))
      for _ in 0..<3 { try await fixture.nextRound() }
      #expect(fixture.log.found == [["10.0.0.1:9101"]])
      #expect(fixture.log.errors.map(\.code) == [.discoveryFailed])
      #expect(fixture.log.errors.first?.message.contains("pods cannot be looked up") == true)
    }
  }

  @Test("An answer without any address keeps the peers, and is reported once")
  func emptyAnswerKeepsPeers() async throws {
    let fixture = Fixture(.success(["10.0.0.1"]))
    try await fixture.run {
      fixture.set(.success([]))
      for _ in 0..<3 { try await fixture.nextRound() }
      #expect(fixture.log.found == [["10.0.0.1:9101"]])
      #expect(fixture.log.errors == [P2PError(.discoveryFailed, "pods has no addresses")])
    }
  }

  @Test("What fails in another way, or again after a success, is reported again")
  func reportsChanges() async throws {
    let fixture = Fixture(.failure(NoSuchHost()))
    try await fixture.run {
      fixture.set(.failure(TimedOut()))
      for _ in 0..<2 { try await fixture.nextRound() }
      #expect(fixture.log.errors.count == 2)
      fixture.set(.success(["10.0.0.1"]))
      try await fixture.nextRound()
      #expect(fixture.log.found.count == 1)
      fixture.set(.failure(TimedOut()))
      try await fixture.nextRound()
      #expect(fixture.log.errors.count == 3)
    }
  }

  @Test("It goes on for ever, also with the same answer: who was cut off is found whenever it is back")
  func goesOn() async throws {
    let fixture = Fixture(.success(["10.0.0.1", "10.0.0.2"]))
    try await fixture.run {
      for _ in 0..<100 { try await fixture.nextRound() }
      #expect(fixture.log.found.count == 101)
      fixture.set(.success(["10.0.0.1"]))
      try await fixture.nextRound()
      fixture.set(.success(["10.0.0.1", "10.0.0.2"]))
      try await fixture.nextRound()
      #expect(
        fixture.log.found.suffix(2) == [["10.0.0.1:9101"], ["10.0.0.1:9101", "10.0.0.2:9101"]])
    }
  }

  @Test("The next look-up comes after the interval, more or less a tenth")
  func interval() async throws {
    let fixture = Fixture(.success(["10.0.0.1"]))
    try await fixture.run {
      fixture.clock.advance(by: .milliseconds(8_999))
      #expect(fixture.clock.sleepers == 1)
      #expect(fixture.log.found.count == 1)
      fixture.clock.advance(by: .milliseconds(2_002))
      await eventually("the second look-up") { fixture.log.found.count == 2 }
      try await fixture.clock.waitForSleepers(1)
    }
  }

  @Test("After a failure it tries again within about a second")
  func retries() async throws {
    let fixture = Fixture(.failure(NoSuchHost()), interval: .seconds(3_600))
    try await fixture.run {
      fixture.set(.success(["10.0.0.1"]))
      fixture.clock.advance(by: .milliseconds(1_101))
      await eventually("the next look-up") { fixture.log.found.count == 1 }
      try await fixture.clock.waitForSleepers(1)
    }
  }

  @Test("Cancelled between two look-ups, it ends")
  func cancelledWhileWaiting() async throws {
    let fixture = Fixture(.success(["10.0.0.1"]))
    try await fixture.run {}  // Waits until it has ended.
    #expect(fixture.clock.sleepers == 0)
  }

  @Test("Cancelled in the midst of a look-up that hangs, it ends, and tells nothing")
  func cancelledWhileLookingUp() async throws {
    let log = DiscoveryLog()
    let (asked, askedContinuation) = AsyncStream<Void>.makeStream()
    let (answers, answer) = AsyncStream<[String]>.makeStream()
    let discoverer = DNSDiscoverer(host: "pods", port: 9101, onError: log.error) { _ in
      askedContinuation.yield()
      // Like a system call, this heeds no cancellation.
      return await Task.detached { await answers.first { _ in true } ?? [] }.value
    }
    let running = Task { await discoverer.run(log.peers) }
    for await _ in asked { break }
    running.cancel()
    await running.value
    answer.yield(["10.0.0.1"])
    #expect(log.found.isEmpty)
    #expect(log.errors.isEmpty)
  }

  @Test("One look-up can be had alone, and throws what goes wrong")
  func once() async throws {
    let fixture = Fixture(.success(["10.0.0.2", "10.0.0.1"]), myself: "10.0.0.1:9101")
    #expect(try await fixture.discoverer.peers() == ["10.0.0.2:9101"])
    fixture.set(.success([]))
    await #expect(throws: P2PError(.discoveryFailed, "pods has no addresses")) {
      try await fixture.discoverer.peers()
    }
  }

  @Test("The system resolves localhost, and IP addresses to themselves")
  func localhost() async throws {
    let localhost = try await DNSDiscoverer(host: "localhost", port: 9101).peers()
    #expect(!localhost.isEmpty)
    #expect(localhost.allSatisfy { ["127.0.0.1:9101", "[::1]:9101"].contains($0) }, "\(localhost)")
    #expect(try await DNSDiscoverer(host: "::1", port: 9101).peers() == ["[::1]:9101"])
    #expect(try await DNSDiscoverer(host: "127.0.0.1", port: 9101).peers() == ["127.0.0.1:9101"])
  }

  @Test("A name that cannot be resolved by the system is an error that names it")
  func unresolvable() async {
    let name = "no-such-host.invalid"
    let error = await #expect(throws: P2PError.self) {
      try await DNSDiscoverer(host: name, port: 9101).peers()
    }
    #expect(error?.code == .discoveryFailed)
    #expect(error?.message.contains(name) == true)
  }
}

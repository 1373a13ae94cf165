import NIOCore
import PodShareNetworking
import Testing

@testable import PodShareRedis

@Suite("Two connections that live and die together, as a value")
struct PairStateTests {
  private static let (a, b) = (RedisAddress(host: "a"), RedisAddress(host: "b"))
  private static let channel = ByteBuffer(string: "channel")
  private static let other = ByteBuffer(string: "other")

  /// Chooses the longest delay.
  private struct Greatest: RandomNumberGenerator {
    func next() -> UInt64 { .max }
  }

  private static func state() -> PairState {
    PairState(backoff: Backoff(first: .milliseconds(100), limit: .seconds(1)))
  }

  private static func up(_ state: inout PairState, wanted: [ByteBuffer] = []) {
    _ = state.start()
    _ = state.resolved([a, b])
    _ = state.connectionIsReady(wanted: wanted)
    _ = state.connectionIsReady(wanted: wanted)
    for channel in wanted { _ = state.confirmed(channel) }
  }

  @Test("It is up when both are ready and all that is wanted is confirmed, not before")
  func goingUp() {
    var state = Self.state()
    #expect(state.start() == [.resolve])
    #expect(state.start() == [])
    #expect(state.resolved([Self.a]) == [.dial(Self.a)])
    #expect(state.connectionIsReady(wanted: [Self.channel, Self.other]) == [])
    #expect(
      state.connectionIsReady(wanted: [Self.channel, Self.other]) == [.subscribe([Self.channel, Self.other])])
    #expect(state.confirmed(Self.channel) == [])
    #expect(!state.isUp)
    #expect(state.confirmed(Self.other) == [.goUp(isFirst: true)])
    #expect(state.isUp && state.isConfirmed(Self.channel))
  }

  @Test("What is wanted later is subscribed to once, and given up once")
  func wanting() {
    var state = Self.state()
    #expect(state.want(Self.channel) == [], "there is no connection yet")
    Self.up(&state)
    #expect(state.want(Self.channel) == [.subscribe([Self.channel])])
    #expect(state.want(Self.channel) == [])
    #expect(!state.isConfirmed(Self.channel))
    #expect(state.confirmed(Self.channel) == [])
    #expect(state.isConfirmed(Self.channel))
    #expect(state.unwant(Self.channel) == [.unsubscribe(Self.channel)])
    #expect(state.unwant(Self.channel) == [])
    #expect(!state.isConfirmed(Self.channel))
  }

  @Test("Wanted, given up and wanted again before the server has said anything: the second word counts")
  func wantingTwice() {
    var state = Self.state()
    Self.up(&state)
    _ = state.want(Self.channel)
    _ = state.unwant(Self.channel)
    #expect(state.want(Self.channel) == [.subscribe([Self.channel])])
    _ = state.confirmed(Self.channel)
    #expect(!state.isConfirmed(Self.channel))
    _ = state.confirmed(Self.channel)
    #expect(state.isConfirmed(Self.channel))
  }

  @Test(
    "When one is gone both go; the next try comes later each time, and at another address if it never was up")
  func failures() {
    var state = Self.state()
    var random = Greatest()
    Self.up(&state, wanted: [Self.channel])
    #expect(
      state.failed(using: &random) == [.goDown(Self.a), .closeBoth, .retry(after: .milliseconds(100))])
    #expect(state.failed(using: &random) == [], "the other one of the two")
    var addresses: [RedisAddress?] = []
    var delays: [Duration] = []
    for _ in 0..<5 {
      _ = state.start()
      _ = state.resolved([Self.a, Self.b])
      addresses.append(state.address)
      for case .retry(let delay) in state.failed(using: &random) { delays.append(delay) }
    }
    #expect(addresses == [Self.a, Self.b, Self.a, Self.b, Self.a])
    #expect(delays == [.milliseconds(200), .milliseconds(400), .milliseconds(800), .seconds(1), .seconds(1)])
    Self.up(&state)
    #expect(state.failed(using: &random).last == .retry(after: .seconds(1)), "it was up for no time")
    Self.up(&state)
    state.provedStable()
    #expect(state.failed(using: &random).last == .retry(after: .milliseconds(100)))
  }

  @Test("The second time it comes up is told apart from the first")
  func again() {
    var state = Self.state()
    var random = Greatest()
    Self.up(&state)
    _ = state.failed(using: &random)
    _ = state.start()
    _ = state.resolved([Self.a])
    _ = state.connectionIsReady(wanted: [])
    #expect(state.connectionIsReady(wanted: []) == [.goUp(isFirst: false)])
  }

  @Test("Once closed, nothing happens any more")
  func closing() {
    var state = Self.state()
    var random = Greatest()
    Self.up(&state)
    #expect(state.close() == [.closeBoth])
    #expect(state.close() == [])
    #expect(state.failed(using: &random) == [])
    #expect(state.start() == [])
    #expect(state.want(Self.channel) == [])
  }
}

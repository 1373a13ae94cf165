import Dispatch
import Foundation
import NIOConcurrencyHelpers
import NIOCore
import PodShare
import PodShareTestKit
import Testing

@Suite("TestClock", .timeLimit(.minutes(1)))
struct TestClockTests {
  @Test("The wall clock moves only by hand")
  func wallClock() {
    let clock = TestClock(now: Timestamp(nanoseconds: 1_000))
    #expect(clock.time.now() == Timestamp(nanoseconds: 1_000))
    clock.jump(by: .nanoseconds(-400))
    #expect(clock.now == Timestamp(nanoseconds: 600))
    clock.advance(by: .seconds(1))
    #expect(clock.now == Timestamp(nanoseconds: 1_000_000_600))
    clock.set(to: .earliest)
    #expect(clock.now == .earliest)
  }

  @Test("A sleep ends when time has been advanced past it, and not before")
  func sleepEnds() async throws {
    let clock = TestClock()
    let awake = NIOLockedValueBox(false)
    let sleeper = Task {
      try await clock.time.sleep(.seconds(10))
      awake.withLockedValue { $0 = true }
    }
    try await clock.waitForSleepers(1)
    clock.advance(by: .seconds(9))
    #expect(clock.sleepers == 1)
    clock.jump(by: .seconds(100))
    #expect(clock.sleepers == 1)
    #expect(!awake.withLockedValue { $0 })
    clock.advance(by: .seconds(1))
    try await sleeper.value
    #expect(awake.withLockedValue { $0 })
    #expect(clock.sleepers == 0)
  }

  @Test("Sleepers wake by their deadlines, not in the order in which they fell asleep")
  func order() async throws {
    let clock = TestClock()
    var sleepers: [Task<Void, any Error>] = []
    for (count, seconds) in [3, 1, 2].enumerated() {
      sleepers.append(Task { try await clock.sleep(for: .seconds(seconds)) })
      try await clock.waitForSleepers(count + 1)
    }
    clock.advance(by: .seconds(1))
    try await sleepers[1].value
    #expect(clock.sleepers == 2)
    clock.advance(by: .seconds(1))
    try await sleepers[2].value
    #expect(clock.sleepers == 1)
    clock.advance(by: .seconds(5))
    try await sleepers[0].value
  }

  @Test("Who falls asleep while time is being advanced sleeps from its end on")
  func asleepMeanwhile() async throws {
    let clock = TestClock()
    let transport = FaultyTransport(
      MemoryTransport(), faults: Faults(outbound: .init(delay: .seconds(1) ... .seconds(1))), clock: clock)
    let sleeper = NIOLockedValueBox<Task<Void, any Error>?>(nil)
    let subscription = try await transport.subscribe(to: "t") { _ in
      // In the middle of the ten seconds.
      sleeper.withLockedValue { $0 = Task { try await clock.sleep(for: .seconds(5)) } }
      while clock.sleepers == 0 { usleep(100) }
    }
    _ = transport.publish(ByteBuffer(string: "wake up"), to: "t")
    await withCheckedContinuation { continuation in
      // On a thread that may be blocked.
      DispatchQueue.global().async {
        clock.advance(by: .seconds(10))
        continuation.resume()
      }
    }
    #expect(clock.sleepers == 1)
    clock.advance(by: .seconds(5))
    try await sleeper.withLockedValue { $0 }?.value
    withExtendedLifetime(subscription) {}
  }

  @Test("A cancelled sleep throws, before or while it sleeps, and leaves nobody asleep")
  func cancellation() async throws {
    let clock = TestClock()
    let sleeper = Task { try await clock.sleep(for: .seconds(1)) }
    try await clock.waitForSleepers(1)
    sleeper.cancel()
    await #expect(throws: CancellationError.self) { try await sleeper.value }
    #expect(clock.sleepers == 0)

    let late = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await clock.sleep(for: .seconds(1))
    }
    await #expect(throws: CancellationError.self) { try await late.value }
  }

  @Test("Waiting for sleepers can be cancelled")
  func cancelledWait() async throws {
    let clock = TestClock()
    let waiter = Task { try await clock.waitForSleepers(1) }
    waiter.cancel()
    await #expect(throws: CancellationError.self) { try await waiter.value }
  }

  @Test("No sleep at all returns at once")
  func noSleep() async throws {
    try await TestClock().sleep(for: .zero)
  }
}

import PodShare
import Testing

@Suite("HybridClock")
struct HybridClockTests {
  private func at(_ nanoseconds: Int64) -> Timestamp { Timestamp(nanoseconds: nanoseconds) }

  @Test("It follows the wall clock")
  func followsWall() {
    var clock = HybridClock()
    let stamp5 = clock.tick(wall: at(100))
    #expect(stamp5 == at(100))
    let stamp6 = clock.tick(wall: at(250))
    #expect(stamp6 == at(250))
  }

  @Test("It never stands still: a burst within one nanosecond gets a stamp each")
  func burst() {
    var clock = HybridClock()
    let stamps = (0..<1_000).map { _ in clock.tick(wall: at(5)) }
    #expect(stamps == (0..<1_000).map { at(5 + $0) })
  }

  @Test("It never runs back with the wall clock")
  func wallJumpsBack() {
    var clock = HybridClock()
    _ = clock.tick(wall: at(1_000))
    let stamp7 = clock.tick(wall: at(10))
    #expect(stamp7 == at(1_001))
    let stamp8 = clock.tick(wall: at(0))
    #expect(stamp8 == at(1_002))
    let stamp9 = clock.tick(wall: at(2_000))
    #expect(stamp9 == at(2_000))
  }

  @Test("It follows other pods' stamps as far as the skew allows, to the nanosecond")
  func observes() {
    var clock = HybridClock()
    let taken1 = clock.observe(at(150), wall: at(100), maxSkew: .nanoseconds(50))
    #expect(taken1)
    let stamp10 = clock.tick(wall: at(100))
    #expect(stamp10 == at(151))
    let taken2 = clock.observe(at(200), wall: at(100), maxSkew: .nanoseconds(99))
    #expect(!taken2)
    let stamp11 = clock.tick(wall: at(100))
    #expect(stamp11 == at(152))
  }

  @Test("An older stamp of another pod does not set it back")
  func observesOld() {
    var clock = HybridClock()
    _ = clock.tick(wall: at(100))
    let taken3 = clock.observe(at(50), wall: at(100), maxSkew: .zero)
    #expect(taken3)
    let stamp12 = clock.tick(wall: at(60))
    #expect(stamp12 == at(101))
  }

  @Test("An unlimited skew does not overflow")
  func unlimitedSkew() {
    var clock = HybridClock()
    let taken4 = clock.observe(.latest, wall: .latest, maxSkew: .seconds(Int64.max))
    #expect(taken4)
    #expect(clock.last == .latest)
  }
}

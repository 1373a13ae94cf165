import PodShare
import Testing

@Suite("Timestamp")
struct TimestampTests {
  @Test(
    "It reads as RFC 3339",
    arguments: [
      (0, "1970-01-01T00:00:00Z"),
      (1, "1970-01-01T00:00:00.000000001Z"),
      (1_779_962_400_123_400_000, "2026-05-28T10:00:00.1234Z"),
      (-1, "1969-12-31T23:59:59.999999999Z"),
      (7_258_118_400_000_000_000 - 1, "2199-12-31T23:59:59.999999999Z"),
    ] as [(Int64, String)])
  func description(nanoseconds: Int64, text: String) {
    #expect(Timestamp(nanoseconds: nanoseconds).description == text)
  }

  @Test("Entries may carry 1970 to 2199, and nothing beyond")
  func range() {
    #expect(Timestamp.earliest.isInRange)
    #expect(Timestamp.latest.isInRange)
    #expect(!Timestamp(nanoseconds: -1).isInRange)
    #expect(!Timestamp(nanoseconds: Timestamp.latest.nanoseconds + 1).isInRange)
  }

  @Test("Adding stops at the limits instead of overflowing")
  func saturation() {
    #expect(Timestamp.latest.advanced(by: .seconds(Int64.max)).nanoseconds == .max)
    #expect(Timestamp(nanoseconds: -5).advanced(by: .seconds(-Int64.max)).nanoseconds == .min)
    #expect(Timestamp(nanoseconds: 5).advanced(by: .nanoseconds(-7)).nanoseconds == -2)
    #expect(Timestamp(nanoseconds: 5).advanced(by: .milliseconds(1)).nanoseconds == 1_000_005)
  }

  @Test("The time between two stamps, at the limits too")
  func duration() {
    #expect(Timestamp(nanoseconds: 7).duration(since: Timestamp(nanoseconds: 10)) == .nanoseconds(-3))
    #expect(
      Timestamp(nanoseconds: .max).duration(since: Timestamp(nanoseconds: -1)) == .nanoseconds(Int64.max))
    #expect(
      Timestamp(nanoseconds: .min).duration(since: Timestamp(nanoseconds: 1)) == .nanoseconds(Int64.min))
  }

  @Test(
    "Durations become nanoseconds, rounded toward zero, stopping at the limits",
    arguments: [
      (.zero, 0), (.seconds(-1), -1_000_000_000), (.milliseconds(1_500), 1_500_000_000),
      (Duration(secondsComponent: 0, attosecondsComponent: 999_999_999), 0),
      (.seconds(Int64.max), .max), (.seconds(Int64.min), .min),
      (.seconds(9_223_372_036) + .nanoseconds(854_775_807), .max),
      (.seconds(9_223_372_036) + .nanoseconds(854_775_808), .max),
    ] as [(Duration, Int64)])
  func nanoseconds(duration: Duration, nanoseconds: Int64) {
    #expect(duration.clampedNanoseconds == nanoseconds)
  }
}

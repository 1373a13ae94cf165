#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z.
///
/// Entries may carry stamps from 1970 up to, but not including, the year 2200. A message with a stamp outside that
/// range is refused, so that no broken clock can pin a key for ever.
public struct Timestamp: Comparable, Hashable, Sendable {
  /// Nanoseconds since 1970-01-01T00:00:00Z.
  public let nanoseconds: Int64

  /// Makes a timestamp from nanoseconds since 1970-01-01T00:00:00Z.
  public init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// The system's wall clock, now. Not monotonic: it follows whatever sets the machine's clock.
  public static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  /// 1970-01-01T00:00:00Z, older than any write: the default stamp of seeds.
  public static let earliest = Timestamp(nanoseconds: 0)

  /// The last nanosecond of the year 2199, the greatest stamp that an entry may carry.
  public static let latest = Timestamp(nanoseconds: 7_258_118_400_000_000_000 - 1)

  public static func < (lhs: Timestamp, rhs: Timestamp) -> Bool {
    lhs.nanoseconds < rhs.nanoseconds
  }

  /// Whether an entry may carry this stamp.
  package var isInRange: Bool {
    self >= .earliest && self <= .latest
  }

  /// The stamp `duration` later (or earlier), stopping at the limits of the representation.
  public func advanced(by duration: Duration) -> Timestamp {
    let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.clampedNanoseconds)
    guard overflow else { return Timestamp(nanoseconds: sum) }
    return Timestamp(nanoseconds: duration < .zero ? .min : .max)
  }

  /// The stamp one nanosecond later, stopping at the limit of the representation.
  package var next: Timestamp {
    Timestamp(nanoseconds: nanoseconds == .max ? .max : nanoseconds + 1)
  }

  /// How long after `earlier` this stamp is; negative if it is before.
  public func duration(since earlier: Timestamp) -> Duration {
    let (difference, overflow) = nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
    guard overflow else { return .nanoseconds(difference) }
    return .nanoseconds(self < earlier ? Int64.min : Int64.max)
  }
}

extension Duration {
  /// This duration in whole nanoseconds, stopping at the limits of `Int64` (292 years).
  package var clampedNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return seconds < 0 ? .min : .max }
    let (sum, carried) = nanoseconds.addingReportingOverflow(attoseconds / 1_000_000_000)
    guard carried else { return sum }
    return seconds < 0 ? .min : .max
  }
}

/// A hybrid logical clock: it follows the wall clock, never stands still and never runs back.
///
/// After "Logical Physical Clocks" (Kulkarni, Demirbas et al., 2014), with the logical part folded into the
/// nanoseconds. It follows what other pods have stamped, so that a write made after seeing theirs is stamped later;
/// but never further than `maxSkew` ahead of this machine's own clock, so that one bad clock cannot drag the fleet.
package struct HybridClock: Sendable {
  package private(set) var last: Timestamp = .earliest

  package init() {}

  /// The stamp of a new local write: the wall clock, or one nanosecond after the last stamp if that is later.
  package mutating func tick(wall: Timestamp) -> Timestamp {
    last = max(wall, last.next)
    return last
  }

  /// Takes note of another pod's stamp. Returns false, and stays where it was, if that is too far ahead.
  package mutating func observe(_ stamp: Timestamp, wall: Timestamp, maxSkew: Duration) -> Bool {
    guard stamp <= wall || stamp <= wall.advanced(by: maxSkew) else { return false }
    last = max(last, stamp)
    return true
  }
}

/// An event on its way to those who watch, made once and shared by all of them: it is passed on several times, and a copy of
/// an event counts five references.
@usableFromInline
package final class SharedEvent<Value: Sendable>: Sendable {
  package let event: Event<Value>
  /// How many events there were before it. Means nothing where it tells of what was there when a watch began.
  let position: UInt64

  package init(_ event: Event<Value>, at position: UInt64 = 0) {
    self.event = event
    self.position = position
  }

  var key: String { event.key }
}

extension SharedEvent<ErasedValue> {
  /// What the event is about but for its value, for whoever puts it together with that again.
  @usableFromInline
  func withoutValue() -> (key: String, origin: String, timestamp: Timestamp, version: Version) {
    (event.key, event.origin, event.timestamp, event.version)
  }

  /// Where the new value is, as long as this is there; nil if the key is gone.
  @usableFromInline var value: ValueAddress? {
    if case .set(let value) = event.change { value.address } else { nil }
  }
}

extension Event {
  /// The same event for whoever knows the type of the values.
  // Inlined where that is known at compile time.
  @inlinable
  init(_ shared: SharedEvent<ErasedValue>) {
    let (key, origin, timestamp, version) = shared.withoutValue()
    let change: Change<Value> = withExtendedLifetime(shared) {
      if let value = shared.value { .set(value.load(as: Value.self)) } else { .delete }
    }
    self.init(change: change, key: key, origin: origin, timestamp: timestamp, version: version)
  }
}

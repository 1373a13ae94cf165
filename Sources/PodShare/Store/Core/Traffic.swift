import Synchronization

/// What a store counts outside its lock. None of it is on a reader's way.
final class Traffic: Sendable {
  let messagesSent = Atomic<UInt64>(0)
  let messagesReceived = Atomic<UInt64>(0)
  let syncBytesSent = Atomic<UInt64>(0)
  let syncBytesReceived = Atomic<UInt64>(0)
  let invalidMessages = Atomic<UInt64>(0)
  let publishFailures = Atomic<UInt64>(0)
  let statesServed = Atomic<UInt64>(0)
  let snapshotsSaved = Atomic<UInt64>(0)
  let snapshotBytes = Atomic<UInt64>(0)
}

extension Atomic<UInt64> {
  func count(_ number: UInt64 = 1) {
    wrappingAdd(number, ordering: .relaxed)
  }

  var value: UInt64 { load(ordering: .relaxed) }
}

import NIOCore
package import PodShare

/// One pod of a simulated fleet: a replica, driven as a value, and the pod's own idea of the time.
package final class SimulatedPod<Value: Sendable> {
  package let identity: PodIdentity
  package let codec: any Codec<Value>
  package let wireFormat: WireFormat
  package var replica: Replica<SimulatedStorage<Value>>
  var outbox = Outbox<Value>()
  /// The number of entries when the invariants were checked last.
  var countWhenChecked = 0

  /// How far the pod's wall clock is ahead of virtual time.
  package var clockOffset: Duration
  package internal(set) var isConnected = true
  package internal(set) var isAlive = true
  /// Until when nothing happens in it.
  package internal(set) var pausedUntil = Duration.zero

  /// What a watcher of all keys would hold, from events alone.
  package internal(set) var watched: [Key: (value: Value, version: Version)] = [:]
  package internal(set) var reports: [StoreError] = []

  /// What others have sent it.
  package internal(set) var received = SimulatedTraffic()

  init(
    identity: PodIdentity, codec: any Codec<Value>, wireFormat: WireFormat, options: ReplicaOptions<Value>,
    storage: SimulatedStorageKind, clockOffset: Duration, wall: Timestamp, seed: UInt64
  ) {
    self.identity = identity
    self.codec = codec
    self.wireFormat = wireFormat
    self.clockOffset = clockOffset
    replica = Replica(
      identity: identity, options: options, storage: SimulatedStorage(storage), now: wall, seed: seed)
  }

  func decode(_ key: Key, _ bytes: ByteBuffer) throws -> Value { try codec.decode(bytes) }
}

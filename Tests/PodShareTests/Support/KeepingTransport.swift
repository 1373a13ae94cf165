import NIOConcurrencyHelpers
import NIOCore
import PodShare

/// A transport that keeps snapshots, or whatever bytes it was given in their place.
final class KeepingTransport: SnapshotTransport {
  fileprivate struct State {
    var snapshots: [String: ByteBuffer] = [:]
    var saves = 0
    var fetchError: TransportError?
    var saveError: TransportError?
  }

  /// Where snapshots are kept: outlives the pods.
  final class Shelf: Sendable {
    fileprivate let state = NIOLockedValueBox(State())

    var saves: Int { state.withLockedValue { $0.saves } }

    func snapshot(of topic: String = "topic") -> ByteBuffer? { state.withLockedValue { $0.snapshots[topic] } }
    func keep(_ bytes: ByteBuffer, as topic: String = "topic") {
      state.withLockedValue { $0.snapshots[topic] = bytes }
    }
    func failFetching(with error: TransportError?) { state.withLockedValue { $0.fetchError = error } }
    func failSaving(with error: TransportError?) { state.withLockedValue { $0.saveError = error } }
  }

  let base: MemoryTransport
  private let shelf: Shelf

  init(_ shelf: Shelf, on network: MemoryNetwork = MemoryNetwork()) {
    base = MemoryTransport(on: network)
    self.shelf = shelf
  }

  func saveSnapshot(
    _ snapshot: ByteBuffer, of topic: String, replacing revision: ByteBuffer?
  ) async throws(TransportError) -> Bool {
    let (error, isKept) = shelf.state.withLockedValue { state -> (TransportError?, Bool) in
      if let error = state.saveError { return (error, false) }
      // The bytes themselves tell one snapshot from another.
      guard state.snapshots[topic] == revision else { return (nil, false) }
      state.snapshots[topic] = snapshot
      state.saves += 1
      return (nil, true)
    }
    if let error { throw error }
    return isKept
  }

  func fetchSnapshot(of topic: String) async throws(TransportError) -> KeptSnapshot? {
    let (bytes, error) = shelf.state.withLockedValue { ($0.snapshots[topic], $0.fetchError) }
    if let error { throw error }
    return bytes.map { KeptSnapshot($0, revision: $0) }
  }

  func publish(_ message: ByteBuffer, to topic: String) -> PublishOutcome { base.publish(message, to: topic) }
  func drain() async throws(TransportError) { try await base.drain() }
  func subscribe(
    to topic: String, onEvent: @escaping @Sendable (TransportEvent) -> Void
  ) async throws(TransportError) -> TransportSubscription {
    try await base.subscribe(to: topic, onEvent: onEvent)
  }
  func close() async throws(TransportError) { try await base.close() }
}

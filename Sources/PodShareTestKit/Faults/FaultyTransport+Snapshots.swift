public import NIOCore
public import PodShare

extension FaultyTransport: SnapshotTransport where Base: SnapshotTransport {
  /// Has the transport beneath keep a snapshot.
  ///
  /// - Throws: `disconnected` after ``disconnect()`` and while a direction is cut; what the transport beneath throws.
  public func saveSnapshot(
    _ snapshot: ByteBuffer, of topic: String, replacing revision: ByteBuffer?
  ) async throws(TransportError) -> Bool {
    try checkReachable()
    return try await base.saveSnapshot(snapshot, of: topic, replacing: revision)
  }

  /// The snapshot that the transport beneath keeps.
  ///
  /// - Throws: As ``saveSnapshot(_:of:replacing:)``.
  public func fetchSnapshot(of topic: String) async throws(TransportError) -> KeptSnapshot? {
    try checkReachable()
    return try await base.fetchSnapshot(of: topic)
  }

  private func checkReachable() throws(TransportError) {
    let faults = faults
    guard isConnected, !faults.outbound.isCut, !faults.inbound.isCut else {
      throw TransportError(.disconnected, "this transport was cut off")
    }
  }
}

public import NIOCore
public import PodShare

extension FaultyTransport: SnapshotTransport where Base: SnapshotTransport {
  /// Has the transport beneath keep a snapshot.
  ///
  /// - Throws: `disconnected` after ``disconnect()`` and while a direction is cut; what the transport beneath throws.
  public func saveSnapshot(_ snapshot: ByteBuffer, of topic: String) async throws(TransportError) {
    try checkReachable()
    try await base.saveSnapshot(snapshot, of: topic)
  }

  /// The snapshot that the transport beneath keeps.
  ///
  /// - Throws: As ``saveSnapshot(_:of:)``.
  public func fetchSnapshot(of topic: String) async throws(TransportError) -> ByteBuffer? {
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

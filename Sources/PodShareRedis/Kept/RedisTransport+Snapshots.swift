public import NIOCore
public import PodShare

extension RedisTransport: SnapshotTransport {
  public func saveSnapshot(
    _ snapshot: ByteBuffer, of topic: String, replacing revision: ByteBuffer?
  ) async throws(TransportError) -> Bool {
    let reply = try await run(
      .replaceValue, on: names.snapshot(of: topic), [snapshot, revision ?? ByteBuffer()])
    guard case .integer(let replaced) = reply else { throw Self.unexpected(reply) }
    return replaced == 1
  }

  public func fetchSnapshot(of topic: String) async throws(TransportError) -> KeptSnapshot? {
    let reply = try await run(.fetchValue, on: names.snapshot(of: topic), [])
    if reply == .null { return nil }
    guard let parts = reply.array, parts.count == 2, let bytes = parts[0].bytes, let revision = parts[1].bytes
    else { throw Self.unexpected(reply) }
    return KeptSnapshot(bytes, revision: revision)
  }
}

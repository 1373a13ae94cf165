import NIOConcurrencyHelpers
import NIOCore

// The whole state of a topic, as a transport keeps it or as other pods hold it that know nothing of healing.
extension StoreCore {
  /// Merges what the transport has kept, and what pods hold that know nothing of healing; garbage is reported and no
  /// obstacle.
  func loadSnapshot() async throws(StoreError) {
    await loadStates()
    guard let snapshotKeeper else { return }
    guard let kept = try await fetchSnapshot(from: snapshotKeeper) else { return }
    do throws(WireError) { merge(try SavedSnapshot.decode(kept.bytes)) } catch {
      reporter.report(.invalidSnapshot(error))
    }
  }

  /// Merges what pods hold that know nothing of healing.
  func loadStates() async {
    guard let transport = transport as? any StateExchangeTransport else { return }
    for bytes in await transport.fetchStates(of: topic) {
      do throws(WireError) { merge(try SavedSnapshot.decode(bytes)) } catch {
        reporter.report(.invalidSnapshot(error))
      }
    }
  }

  private func fetchSnapshot(from transport: any SnapshotTransport) async throws(StoreError) -> KeptSnapshot?
  {
    do {
      return try await transport.fetchSnapshot(of: topic)
    } catch {
      throw .transport("could not fetch the snapshot", error)
    }
  }

  private func merge(_ snapshot: SavedSnapshot.Contents) {
    for error in snapshot.rejected { reporter.report(.invalidSnapshot(error)) }
    if snapshot.rejectedCount > snapshot.rejected.count {
      let more = snapshot.rejectedCount - snapshot.rejected.count
      reporter.report(StoreError(.invalidSnapshot, "\(more) more entries of the snapshot could not be read"))
    }
    // In parts: the write lock is held for a bounded time each.
    var rest = snapshot.entries[...]
    while !rest.isEmpty {
      let writes = decode(Array(rest.prefix(Self.entriesMergedAtOnce)))
      rest = rest.dropFirst(Self.entriesMergedAtOnce)
      let wall = now()
      update { _ = $0.replica.receive(saved: writes, wall: wall, outbox: &$0.outbox) }
    }
  }

  private static var entriesMergedAtOnce: Int { 1_024 }

  /// Saves what changed. What another pod has saved meanwhile is merged first, so that it is not lost.
  func saveSnapshot() async throws(StoreError) {
    guard let snapshotKeeper else { return }
    try await inTurn { () async throws(StoreError) in try await self.saveSnapshot(to: snapshotKeeper) }
  }

  private func saveSnapshot(to transport: any SnapshotTransport) async throws(StoreError) {
    guard
      state.withLock({ state in
        defer { state.isDirty = false }
        return state.isDirty
      })
    else { return }
    do throws(StoreError) {
      for _ in 0..<Self.attemptsToSave {
        let kept = try await fetchSnapshot(from: transport)
        guard try mergeAndCompare(kept) else { return }
        if try await save(encodedSnapshot(), with: transport, replacing: kept?.revision) { return }
      }
      // Others save all the time: later.
      state.withLock { $0.isDirty = true }
    } catch {
      state.withLock { $0.isDirty = true }
      throw error
    }
  }

  private static var attemptsToSave: Int { 8 }

  /// Merges what is kept. Returns whether it lacks something that this pod holds.
  ///
  /// What only a later build can read must not be replaced: it may hold what this pod has not seen. Garbage is replaced.
  private func mergeAndCompare(_ kept: KeptSnapshot?) throws(StoreError) -> Bool {
    guard let kept else { return true }
    do throws(WireError) {
      let contents = try SavedSnapshot.decode(kept.bytes)
      merge(contents)
      return contents.rejectedCount > 0 || lacksSomething(contents)
    } catch {
      guard !error.isOfLaterBuild else { throw .snapshotOfLaterBuild(error) }
      reporter.report(.invalidSnapshot(error))
      return true
    }
  }

  private func lacksSomething(_ contents: SavedSnapshot.Contents) -> Bool {
    // Joined values of equal versions can differ.
    guard configuration.merge == nil else { return true }
    let versions = Dictionary(contents.entries.map { ($0.key, $0.version) }, uniquingKeysWith: max)
    return table.snapshot().contains { key, entry in versions[key].map { $0 < entry.version } ?? true }
  }

  private func encodedSnapshot() -> ByteBuffer {
    guard configuration.wireFormat == .v2 else { return encodedVersion1Snapshot() }
    var chunks: [ByteBuffer] = []
    var encoder = StateEncoder(sender: identity, answer: nil, isSettled: true) { chunks.append($0) }
    add(table.snapshot(), to: &encoder)
    encoder.finish()
    return SavedSnapshot.encode(chunks)
  }

  private func save(
    _ snapshot: ByteBuffer, with transport: any SnapshotTransport, replacing revision: ByteBuffer?
  ) async throws(StoreError) -> Bool {
    do {
      guard try await transport.saveSnapshot(snapshot, of: topic, replacing: revision) else { return false }
    } catch {
      throw .transport("could not save the snapshot", error)
    }
    traffic.snapshotsSaved.count()
    traffic.snapshotBytes.count(UInt64(snapshot.readableBytes))
    return true
  }
}

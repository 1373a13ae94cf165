import NIOCore

// What a store sends and saves if it is configured to write wire version 1: one JSON event for each entry.
extension StoreCore {
  /// Publishes a local write as events. Those that the transport refuses are sent again later.
  func publishAsEvents(_ message: ByteBuffer) {
    guard case .write(let write) = try? WireDecoder.decode(message) else { return }
    var refused: [Key] = []
    var refusal = ""
    for entry in write.entries {
      guard let reason = publishAsEvent(entry) else { continue }
      refused.append(entry.key)
      refusal = reason
    }
    if !refused.isEmpty { publishFailed(refused, refusal) }
  }

  /// Publishes the present entries of keys as events. Returns the keys from the first on that the transport refused.
  func publishAsEvents(_ keys: [Key]) -> ArraySlice<Key> {
    for (index, key) in keys.enumerated() {
      guard let entry = table.entry(forKey: key) else { continue }
      for write in writes(of: entry, forKey: key) where publishAsEvent(write) != nil { return keys[index...] }
    }
    return []
  }

  /// Returns why the transport did not take an event, if it did not.
  private func publishAsEvent(_ entry: WireEntry) -> String? {
    do {
      return send(try WireVersion1.encodeEvent(entry), to: topic)
    } catch {
      reporter.report(.unrepresentable(key: entry.key.string, error))
      return nil
    }
  }

  /// The whole state as Go pods read it, one write for each key: without a merge function the greatest, with one the
  /// join of those that decode.
  func encodedVersion1Snapshot() -> ByteBuffer {
    let isMerged = configuration.merge != nil
    let entries = table.snapshot().compactMap { key, entry in
      let writes = writes(of: entry, forKey: key)
      if isMerged, writes.count > 1 { reporter.report(.unrepresentable(key: key.string, .sideBySide)) }
      return isMerged ? writes.first : writes.last
    }
    let (snapshot, leftOut) = WireVersion1.encodeSnapshot(entries)
    for (key, reason) in leftOut { reporter.report(.unrepresentable(key: key.string, reason)) }
    return snapshot
  }

  /// What the codec refuses is reported and left out.
  private func writes(of entry: StoredEntry<ErasedValue>, forKey key: Key) -> [WireEntry] {
    do {
      return try entry.writes(forKey: key).map { try $0.encoded { try codec.encode($0, into: &$1) } }
    } catch {
      reporter.report(.encodingFailed(key: key.string, error))
      return []
    }
  }
}

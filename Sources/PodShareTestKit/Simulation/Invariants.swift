import PodShare

/// What must be true of every pod after everything that happens to it.
final class Invariants<Value: Sendable & Equatable> {
  private struct Memory {
    var versions: [Key: Version] = [:]
    /// All that this pod ever held.
    var held: Set<Version> = []
    /// The greatest delete that this pod has seen of each key.
    var deletes: [Key: Version] = [:]
  }

  /// Whether a write that is older than a delete, and that nobody had seen, may come after the tombstone is gone.
  var mayComeLate = false
  private var memories: [ObjectIdentifier: Memory] = [:]

  func check(_ pod: SimulatedPod<Value>) throws {
    var memory = memories[ObjectIdentifier(pod)] ?? Memory()
    let entries = pod.replica.snapshot()
    for key in memory.versions.keys where entries[key] == nil {
      memory.versions[key] = nil  // Its tombstone has been collected.
    }
    for (key, entry) in entries {
      // Numbers of authors known from wire version 1 alone are not remembered: their tombstones may come once more, from
      // a pod that has not collected them yet. Their values must not.
      // So may any tombstone where a clock is so far ahead that it collects them at once.
      let mayReturn = entry.isTombstone && (!entry.version.author.hasKnownIncarnation || mayComeLate)
      if memory.versions[key] == nil, !mayReturn, memory.held.contains(entry.version) {
        throw Violation("\(pod.identity): \(key) came back as \(entry.version), which it had held before")
      }
      memory.held.insert(entry.version)
      if let before = memory.versions[key], entry.version < before {
        throw Violation("\(pod.identity): the version of \(key) went back from \(before) to \(entry.version)")
      }
      memory.versions[key] = entry.version
      if entry.isTombstone {
        memory.deletes[key] = max(memory.deletes[key] ?? entry.version, entry.version)
      } else if !mayComeLate, let delete = memory.deletes[key], entry.version < delete {
        throw Violation("\(pod.identity): \(key) came back as \(entry.version), deleted by \(delete)")
      }
    }
    try checkWatched(entries, of: pod)
    try checkCounters(entries, of: pod)
    memories[ObjectIdentifier(pod)] = memory
  }

  private func checkWatched(_ entries: [Key: StoredEntry<Value>], of pod: SimulatedPod<Value>) throws {
    let visible = entries.compactMapValues(\.value)
    guard visible == pod.watched.mapValues(\.value) else {
      throw Violation("\(pod.identity): events add up to \(pod.watched), but the state is \(visible)")
    }
  }

  private func checkCounters(_ entries: [Key: StoredEntry<Value>], of pod: SimulatedPod<Value>) throws {
    let counters = pod.replica.counters
    let counted = [counters.keys, counters.tombstones, counters.opaqueEntries]
    let actual = [
      entries.values.count { $0.value != nil }, entries.values.count(where: \.isTombstone),
      entries.values.count(where: \.isOpaque),
    ]
    guard counted == actual else {
      throw Violation("\(pod.identity): counted \(counted) keys, tombstones, opaque, but there are \(actual)")
    }
  }
}

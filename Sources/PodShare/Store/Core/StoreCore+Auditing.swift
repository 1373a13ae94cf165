import NIOConcurrencyHelpers
import NIOCore

/// When what the transport keeps was last gone through, and whether it must be again.
struct Auditing {
  /// The tag of what stood beside the entries then. If it is another now, somebody has gone through them since, or all of it
  /// is not what it was.
  var tag: ByteBuffer?
  /// Something may have gone wrong since.
  var isDue = true
  /// How many pods had vanished by then.
  var vanished: UInt64 = 0
  private var looksLeftOut = 0

  /// Whether a pod that does not come first is to look all the same: once in a while.
  mutating func mayLook() -> Bool {
    looksLeftOut = (looksLeftOut + 1) % 4
    return looksLeftOut == 0
  }
}

// Going through what the transport keeps: whatever it lacks is put there, whatever was deleted long ago is removed, whatever
// this pod lacks is taken in. One pod does it for all: the one that comes first. Should two believe to be it, no harm is
// done, because each change has its condition.
extension StoreCore {
  /// Goes through what is kept, if there is reason to and it is for this pod to do. Returns whether it has.
  ///
  /// A server that forgets everything, or of which an old copy takes over, shows by what stands beside the entries. So does
  /// nothing that happens before that was there for the first time.
  ///
  /// - Parameter isLeaving: Then it is for this pod to do whoever comes first: what it holds may be known to nobody else.
  func auditIfNeeded(isLeaving: Bool = false) async throws(StoreError) -> Bool {
    guard let entryKeeper else { return false }
    let (isLeast, isSettled, isAnybodySilent, vanished) = state.withLock { state in
      (
        state.replica.isLeast, state.replica.isSettled, state.replica.isAnybodySilent,
        state.replica.counters.healing.vanished
      )
    }
    guard isSettled else { return false }
    if !isLeast, !isLeaving {
      // Those who come first may not keep anything: pods that write wire version 1 do not.
      guard auditing.withLockedValue({ $0.mayLook() }) else { return false }
    }
    let tag = try await keptContextContent(of: entryKeeper, upTo: KeptEntry.tagBytes)
    let isNeeded = auditing.withLockedValue { auditing in
      guard isLeast || isLeaving else { return tag == nil }
      return auditing.isDue || auditing.tag != tag || auditing.vanished != vanished
        || (isLeaving && isAnybodySilent)
    }
    guard isNeeded else { return false }
    // What comes up meanwhile is for the next time.
    auditing.withLockedValue { auditing in
      auditing.isDue = false
      auditing.vanished = vanished
    }
    do throws(StoreError) {
      try await inTurn { () async throws(StoreError) in try await self.audit(entryKeeper) }
      return true
    } catch {
      auditing.withLockedValue { $0.isDue = true }
      throw error
    }
  }

  private func audit(_ keeper: any EntryTransport) async throws(StoreError) {
    guard let before = try await beginAudit(keeper) else {
      return auditing.withLockedValue { $0.isDue = true }
    }
    // The effects of all that has been seen by now are in the table, and will be among what is kept.
    let (seen, interruptions) = state.withLock { ($0.replica.context, $0.interruptions) }

    var isComplete = true
    var kept: [Key: ByteBuffer] = [:]
    var obsolete: [KeptField.Change] = []
    try await readEntries(of: keeper) { entries in
      for entry in entries { kept[entry.key] = entry.tag }
      let wall = now()
      let (known, expired) = entries.partitioned { isExpired($0, at: wall) }
      let forgotten = takeIn(known)
      obsolete += (expired + known.filter { forgotten.contains($0.key) }).map(\.removal)
    } unreadable: { name, content, failure in
      guard failure.isReplaceable else {
        isComplete = false
        return
      }
      if let key = Key(name: name) { kept[key] = content.beginning }
      obsolete.append(KeptField.Change(name: name, content: nil, if: .replaces(content.beginning)))
    }

    var toSave: [(key: Key, over: ByteBuffer?)] = []
    for (key, entry) in table.snapshot() {
      let tag = KeptEntry.tag(of: entry, forKey: key, isMerged: configuration.merge != nil)
      guard kept[key] != ByteBuffer(integer: tag) else { continue }
      toSave.append((key, configuration.merge == nil ? nil : kept[key]))
      if toSave.count == Self.keptEntriesAtOnce {
        isComplete = try await save(toSave, to: keeper) && isComplete
        toSave = []
      }
    }
    isComplete = try await save(toSave, to: keeper) && isComplete
    _ = try await change(obsolete, in: keeper)
    // If what was there is gone, or something could not be kept, then what was seen is not all there.
    guard isComplete, state.withLock({ $0.interruptions }) == interruptions else {
      return auditing.withLockedValue { $0.isDue = true }
    }
    try await keep(seen, over: before, in: keeper)
  }

  /// What stands beside the entries. If there is nothing, something that says nothing is put there: if everything is removed
  /// while this pod goes through the entries, that is removed with it, and shows. Nil if somebody else was faster.
  private func beginAudit(_ keeper: any EntryTransport) async throws(StoreError) -> KeptContext? {
    let content = try await keptContextContent(of: keeper)
    do throws(WireError) {
      if let content { return try KeptContext(content: content) }
    } catch {
      guard !error.isOfLaterBuild else { throw .snapshotOfLaterBuild(error) }
      reporter.report(.invalidSnapshot(error))
    }
    let first = KeptContext(tag: randomID(), generation: randomID(), context: CausalContext())
    return try await replace(content?.beginning, with: first, in: keeper) ? first : nil
  }

  /// Whether it is a delete whose time is over, and of which nothing is known here: nobody needs to know of it any more.
  private func isExpired(_ entry: KeptEntry, at wall: Timestamp) -> Bool {
    table.entry(forKey: entry.key) == nil
      && entry.entries.allSatisfy { write in
        guard case .delete(let time) = write.content else { return false }
        return wall.duration(since: time) >= configuration.tombstoneTTL
      }
  }

  private func keep(
    _ seen: CausalContext, over before: KeptContext, in keeper: any EntryTransport
  ) async throws(StoreError) {
    var context = before.context
    context.formUnion(seen)
    guard context != before.context else { return auditing.withLockedValue { $0.tag = before.tag } }
    let next = KeptContext(tag: randomID(), generation: before.generation, context: context)
    let isKept = try await replace(before.tag, with: next, in: keeper)
    auditing.withLockedValue { auditing in
      auditing.tag = next.tag
      // Somebody else was faster, or everything is gone.
      if !isKept { auditing.isDue = true }
    }
  }

  private func replace(
    _ beginning: ByteBuffer?, with context: KeptContext, in keeper: any EntryTransport
  ) async throws(StoreError) -> Bool {
    let condition: KeptField.Change.Condition = beginning.map { .replaces($0) } ?? .isNew
    let change = KeptField.Change(name: KeptContext.name, content: context.encoded, if: condition)
    return try await self.change([change], in: keeper).isEmpty
  }
}

extension Array {
  /// Those for which something does not hold, and those for which it does.
  fileprivate func partitioned(by holds: (Element) -> Bool) -> (rest: [Element], chosen: [Element]) {
    var parts: (rest: [Element], chosen: [Element]) = ([], [])
    for element in self {
      if holds(element) { parts.chosen.append(element) } else { parts.rest.append(element) }
    }
    return parts
  }
}

extension KeptEntry {
  fileprivate var removal: KeptField.Change {
    KeptField.Change(name: Self.name(of: key), content: nil, if: .replaces(tag))
  }
}

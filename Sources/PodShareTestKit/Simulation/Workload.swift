import PodShare

/// A random life of a fleet, drawn from a seed; then the network is left alone, and everything must have come out.
package final class Workload<Value: Sendable & Equatable> {
  private struct Written {
    var key: Key
    var version: Version
    var epoch: Epoch
    var value: Value?
    var author: SimulatedPod<Value>
    /// Of a delete, the version of what its author saw deleted.
    var victim: Version?
  }

  static var tombstoneTTL: Duration { .seconds(240) }

  package let fleet: SimulatedFleet<Value>
  private let dialect: Dialect<Value>
  private let invariants: Invariants<Value>
  private var random: SeededGenerator
  private var written: [Written] = []
  private var lastNumber = 0
  private var lastPod = 0
  /// The node IDs of the pods that run an old build; a restart does not change it.
  private var oldBuilds: Set<String> = []
  /// Until when nobody may crash, so that nobody takes the only copy of a write along.
  private var noCrashBefore = Duration.zero
  /// Until when nobody may leave, so that what a crashed pod had sent arrives somewhere.
  private var noAbsenceBefore = Duration.zero

  private let keys = ["a", "b", "c", "é", "e\u{301}", ""].map { Key($0) }

  package init(
    seed: UInt64, dialect: Dialect<Value>, storage: SimulatedStorageKind = .table
  ) {
    let options = ReplicaOptions(
      merge: dialect.merge, tombstoneTTL: Self.tombstoneTTL, maxClockSkew: .seconds(60))
    var conditions = SimulatedFleet<Value>.Conditions()
    conditions.lateStates = dialect.merge == nil
    conditions.storage = storage
    conditions.countsPods = seed.isMultiple(of: 3)
    // Numbers of version 1 are not remembered: against later copies than these only tombstones stand.
    if dialect.hasVersion1Pods { conditions.lateDelay = 1...100 }
    fleet = SimulatedFleet(seed: seed, options: options, conditions: conditions)
    random = SeededGenerator(seed: ~seed)
    self.dialect = dialect
    let invariants = Invariants<Value>()
    invariants.mayComeLate = dialect.hasLongAbsences || dialect.hasWildClocks
    self.invariants = invariants
    fleet.onChange = { try invariants.check($0) }
  }

  /// Lives the whole life. Throws a ``Violation`` if something is not as it must be.
  package func run() throws {
    if dialect.isHostile {
      fleet.loss = Double.random(in: 0...0.3, using: &random)
      fleet.refusal = random.chance(0.5) ? Double.random(in: 0...0.5, using: &random) : 0
      fleet.conditions.delay = 0.000_1...([0.05, 0.8, 4].randomElement(using: &random) ?? 0.8)
    }
    for _ in 0..<Int.random(in: dialect.firstPods, using: &random) { try startPod() }
    for _ in 0..<Int.random(in: 20...60, using: &random) { try step() }
    fleet.note("from here on the network does what it should")
    fleet.loss = 0
    fleet.refusal = 0
    endPartition()
    for pod in fleet.alive { fleet.wakeUp(pod) }
    // A write that is still on its way, from a pod that has crashed, has not stopped.
    let longestDelay = fleet.conditions.delay.upperBound
    fleet.conditions.delay = 0.000_1...0.02
    for pod in fleet.alive where !pod.isConnected { try fleet.connect(pod) }
    try fleet.run(for: .seconds(longestDelay))
    // Two sync intervals, and the time of some messages one after the other.
    try fleet.run(for: fleet.conditions.syncInterval * 2 + .seconds(1))
    try checkOutcome()
    // What comes late changes nothing any more.
    try fleet.run(for: .seconds(10))
    try checkOutcome()
  }

  // MARK: A random life

  private func step() throws {
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<55: try write()
    case 55..<60: try startPod()
    case 60..<66: try restart()
    case 66..<72: try leaveOrReturn()
    case 70..<72 where dialect.isHostile: partition()
    case 72..<74 where dialect.isHostile: pause()
    case 72..<76: jumpClock()
    case 76..<78: try leap()
    default: try fleet.run(for: .seconds(Double.random(in: 0...2, using: &random)))
    }
    // Often nothing at all lies between two writes.
    if random.chance(0.5) { try fleet.run(for: .seconds(Double.random(in: 0...0.2, using: &random))) }
    // A pod must be back before tombstones are collected that it has not heard of.
    if !dialect.hasLongAbsences { try endLongAbsences() }
  }

  /// Cuts some pods off from the others, both ways or one way, and nobody is told; or ends that.
  private func partition() {
    guard random.chance(0.6) else { return endPartition() }
    let side = Set(fleet.alive.filter { _ in random.chance(0.5) }.map(\.identity))
    let isOneWay = random.chance(0.3)
    fleet.note("\(side.map(\.description).sorted()) are cut off, \(isOneWay ? "one way" : "both ways")")
    partitionedSince = partitionedSince ?? fleet.now
    fleet.reaches = { sender, receiver in
      let (left, right) = (side.contains(sender.identity), side.contains(receiver.identity))
      return left == right || (isOneWay && left)
    }
  }

  private func pause() {
    guard let pod = fleet.alive.randomElement(using: &random) else { return }
    fleet.pause(pod, for: .seconds(Double.random(in: 0.5...15, using: &random)))
  }

  private var partitionedSince: Duration?

  private func endPartition() {
    guard partitionedSince != nil else { return }
    fleet.note("nobody is cut off")
    partitionedSince = nil
    fleet.reaches = { _, _ in true }
  }

  private var absences: [(pod: SimulatedPod<Value>, since: Duration)] = []

  private func endLongAbsences() throws {
    if let since = partitionedSince, fleet.now - since > .seconds(30) { endPartition() }
    for absence in absences where fleet.now - absence.since > .seconds(30) {
      if absence.pod.isAlive, !absence.pod.isConnected { try comeBack(absence.pod) }
    }
    absences.removeAll { !$0.pod.isAlive || $0.pod.isConnected }
  }

  /// A long time in which nothing is written and tombstones are collected.
  private func leap() throws {
    if !dialect.hasLongAbsences {
      for pod in fleet.alive where !pod.isConnected { try comeBack(pod) }
      endPartition()
      let loss = fleet.loss
      fleet.loss = 0
      // What waits behind a pause comes first.
      try fleet.run(for: .seconds(dialect.isHostile ? 30 : 10))
      fleet.loss = loss
    }
    // With many pods there is much to do in a second.
    let longest = fleet.alive.count > 8 ? 60 : 600
    try fleet.run(for: .seconds(Int.random(in: 30...longest, using: &random)))
  }

  private func comeBack(_ pod: SimulatedPod<Value>) throws {
    try fleet.connect(pod)
    noCrashBefore = fleet.now + .seconds(5)
  }

  private func leaveOrReturn() throws {
    guard fleet.alive.count > 1, let pod = fleet.alive.randomElement(using: &random) else { return }
    if pod.isConnected {
      guard fleet.now >= noAbsenceBefore else { return }
      try fleet.disconnect(pod)
      absences.append((pod, fleet.now))
    } else {
      try comeBack(pod)
    }
  }

  private func restart() throws {
    // The first pod stays, and, if all that is written must be there in the end, somebody must have heard everything.
    let mayCrash = fleet.now >= noCrashBefore && fleet.alive.allSatisfy(\.isConnected)
    guard mayCrash || dialect.isHostile, let pod = fleet.alive.dropFirst().randomElement(using: &random),
      pod.replica.unsent.isEmpty || dialect.isHostile
    else { return }
    fleet.crash(pod)
    noAbsenceBefore = fleet.now + .seconds(1)
    if random.chance(0.7) {
      _ = try fleet.start(
        pod.identity.nodeID, codec: pod.codec, wireFormat: pod.wireFormat, clockOffset: pod.clockOffset)
    }
  }

  private func startPod() throws {
    guard fleet.alive.count < dialect.maxPods else { return }
    lastPod += 1
    let name = "pod-\(lastPod)"
    let isOld = random.chance(0.2) && dialect.oldBuild != nil
    var seeds: [(Key, Value)] = []
    if random.chance(0.3) {
      // A seed is older than any delete; once a tombstone has been collected, nothing speaks against it.
      let undeleted = keys.filter { key in !written.contains { $0.key == key && $0.value == nil } }
      for key in undeleted.shuffled(using: &random).prefix(2) {
        seeds.append((key, nextValue(onOldBuild: isOld)))
      }
    }
    let pod = try fleet.start(
      name, codec: isOld ? dialect.oldBuild?.codec ?? dialect.codec : dialect.codec,
      wireFormat: dialect.hasVersion1Pods && random.chance(0.5) ? .v1 : .newest,
      clockOffset: clockOffset(), seeds: seeds)
    if isOld { oldBuilds.insert(pod.identity.nodeID) }
    for (index, seed) in seeds.enumerated() {
      let version = Version(
        timestamp: .earliest, author: pod.identity, sequence: pod.identity.incarnation + 1 + UInt64(index))
      written.append(
        Written(key: seed.0, version: version, epoch: .beginning, value: seed.1, author: pod))
    }
    if !seeds.isEmpty { noCrashBefore = fleet.now + .seconds(5) }
  }

  private func clockOffset() -> Duration {
    let usual = Duration.seconds(Double.random(in: -20...20, using: &random))
    guard dialect.hasWildClocks else { return usual }
    let day = Duration.seconds(86_400)
    return switch Int.random(in: 0..<10, using: &random) {
    case 0: day * 365 * 50
    case 1, 2: usual + day * Int.random(in: -5...5, using: &random)
    default: usual
    }
  }

  private func jumpClock() {
    guard let pod = fleet.alive.randomElement(using: &random) else { return }
    pod.clockOffset = clockOffset()
    fleet.note("\(pod.identity)'s clock is set to \(pod.clockOffset) ahead")
  }

  /// No build writes what it cannot read.
  private func nextValue(onOldBuild isOld: Bool) -> Value {
    repeat { lastNumber += 1 } while isOld && dialect.oldBuild?.reads(lastNumber) == false
    return dialect.value(lastNumber)
  }

  private func write() throws {
    guard let pod = fleet.alive.randomElement(using: &random) else { return }
    let changes = (0..<(random.chance(0.3) ? Int.random(in: 2...4, using: &random) : 1)).map { _ in
      LocalChange(
        key: keys.randomElement(using: &random) ?? keys[0],
        action: random.chance(0.25) ? .delete : .set(nextValue(onOldBuild: isOld(pod))))
    }
    let before = pod.replica.snapshot()
    let versions = try fleet.write(changes, on: pod)
    if !pod.isConnected { noCrashBefore = fleet.now + .seconds(5) }
    try checkReadsItsWrites(changes, before: before, versions: versions, on: pod)
  }

  private func checkReadsItsWrites(
    _ changes: [LocalChange<Value>], before: [Key: StoredEntry<Value>],
    versions: [Version], on pod: SimulatedPod<Value>
  ) throws {
    var epochs = before.mapValues(\.epoch)
    for (index, (change, version)) in zip(changes, versions).enumerated() {
      guard let entry = pod.replica.entry(forKey: change.key) else {
        throw Violation("\(pod.identity): \(change.key) is missing right after it was written")
      }
      if let old = before[change.key], entry.version <= old.version {
        throw Violation("\(pod.identity): a write of \(change.key) did not win over \(old.version)")
      }
      let isLast = !changes[(index + 1)...].contains { $0.key == change.key }
      if isLast, entry.version != version {
        throw Violation("\(pod.identity): \(change.key) has version \(entry.version), not that of the write")
      }
      switch change.action {
      case .delete:
        epochs[change.key] = .after(version)
        written.append(
          Written(
            key: change.key, version: version, epoch: .after(version), value: nil, author: pod,
            victim: before[change.key]?.version))
        if isLast, entry.value != nil {
          throw Violation("\(pod.identity): \(change.key) is there, just deleted")
        }
      case .set(let value):
        let epoch = epochs[change.key] ?? .beginning
        written.append(
          Written(key: change.key, version: version, epoch: epoch, value: value, author: pod))
        guard isLast else { continue }
        guard let shown = entry.value, dialect.shows(shown, value) else {
          throw Violation(
            "\(pod.identity): \(change.key) shows \(entry.value as Any) after \(value) was written")
        }
      }
    }
  }

  // MARK: The outcome

  private func checkOutcome() throws {
    guard let first = fleet.alive.first else { return }
    for pod in fleet.alive {
      guard pod.replica.unsent.isEmpty else { throw Violation("\(pod.identity) still has entries to send") }
      // Pods of one build join values in one way, and that is a join.
      if oldBuilds.isEmpty, let report = pod.reports.first(where: { $0.code.isAboutJoins }) {
        throw Violation("\(pod.identity) reports \(report)")
      }
      guard pod.replica.isCaughtUp || fleet.alive.count == 1 else {
        throw Violation("\(pod.identity) is not caught up")
      }
      try checkEqual(pod, first)
    }
    let newBuilds = fleet.alive.filter { !isOld($0) }
    for key in keys { try checkValue(of: key, on: newBuilds) }
  }

  private func isOld(_ pod: SimulatedPod<Value>) -> Bool {
    oldBuilds.contains(pod.identity.nodeID)
  }

  private func checkEqual(_ pod: SimulatedPod<Value>, _ other: SimulatedPod<Value>) throws {
    // Tombstones are collected at different times.
    let mine = pod.replica.snapshot().filter { !$0.value.isTombstone }
    let theirs = other.replica.snapshot().filter { !$0.value.isTombstone }
    for key in Set(mine.keys).union(theirs.keys) {
      let (left, right) = (mine[key], theirs[key])
      guard left?.version == right?.version, isOld(pod) || isOld(other) || left?.value == right?.value else {
        throw Violation(
          "\(key) is \(left as Any) on \(pod.identity), but \(right as Any) on \(other.identity)")
      }
    }
  }

  /// Whether a write belongs to the last epoch of its key: it was made after the last delete, as far as its author
  /// remembered; nobody is made to remember a delete once its tombstone has been collected.
  private func survives(_ write: Written, deletes: [Written]) -> Bool {
    guard let last = deletes.map(\.version).max() else { return true }
    return write.epoch == .after(last)
      || write.version.timestamp > last.timestamp.advanced(by: Self.tombstoneTTL / 2)
  }

  /// What a pod that is still there had seen deleted must not be back.
  private func checkStaysDeleted(_ key: Key, _ writes: [Written], on pods: [SimulatedPod<Value>]) throws {
    for delete in writes where delete.value == nil && delete.author.isAlive {
      guard let victim = delete.victim else { continue }
      for pod in pods {
        guard let entry = pod.replica.entry(forKey: key), !entry.isTombstone, entry.version == victim else {
          continue
        }
        throw Violation("\(pod.identity): \(key) is back as \(victim), deleted by \(delete.version)")
      }
    }
  }

  private func checkValue(of key: Key, on pods: [SimulatedPod<Value>]) throws {
    let writes = written.filter { $0.key == key }
    try checkStaysDeleted(key, writes, on: pods)
    // What a pod wrote and nobody heard before it crashed is lost, be it a value or a delete.
    guard !dialect.isHostile || writes.allSatisfy(\.author.isAlive) else { return }
    let expected: Value?
    if let merge = dialect.merge {
      expected = writes.filter { survives($0, deletes: writes.filter { $0.value == nil }) }
        .compactMap(\.value).reduce(nil) { joined, value in joined.map { merge.join($0, value) } ?? value }
    } else {
      expected = writes.max { $0.version < $1.version }?.value
    }
    for pod in pods {
      let value = pod.replica.entry(forKey: key)?.value
      // A write that nobody had seen when its key was deleted is kept, however late it comes; and where a tombstone has
      // been collected, or clocks are wild, later writes may be stamped before the delete.
      if dialect.hasLongAbsences || dialect.hasWildClocks, writes.contains(where: { $0.value == nil }) {
        continue
      }
      guard value == expected else {
        throw Violation("\(key) is \(value as Any) on \(pod.identity), but should be \(expected as Any)")
      }
    }
  }
}

extension StoreError.Code {
  fileprivate var isAboutJoins: Bool { self == .stillDifferent || self == .mergeNotAJoin }
}

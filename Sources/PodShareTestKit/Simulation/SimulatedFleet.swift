import NIOCore
package import PodShare

/// A fleet of replicas on a network made up from a seed, in virtual time.
///
/// It does what a store and a transport do around a replica, but in one thread and without waiting: messages are
/// encoded, delayed, reordered, doubled, decoded and fed to the replicas, clocks are wrong and jump, pods come and go.
/// The same seed and the same calls give the same run.
package final class SimulatedFleet<Value: Sendable> {
  package struct Conditions: Sendable {
    /// How long a message is on its way. Each copy draws its own, so messages overtake one another.
    package var delay: ClosedRange<Double> = 0.000_1...0.8
    /// How often a message arrives twice.
    package var duplication = 0.1
    /// How often it arrives once more, long after; states only if `lateStates`.
    package var lateDuplication = 0.02
    package var lateStates = true
    package var lateDelay: ClosedRange<Double> = 1...600
    /// Small, so that states come in several parts.
    package var chunkBytes = 200
    package var syncInterval = Duration.seconds(1)
    package var gcInterval = Duration.seconds(5)
    package var joinTimeout = Duration.seconds(1)
    /// Whether the transport can tell how many pods there are.
    package var countsPods = false
    package var storage = SimulatedStorageKind.table
    /// Whether what happens can be told afterwards; that takes memory.
    package var keepsLog = true

    package init() {}
  }

  private enum Happening {
    case delivery(ByteBuffer, to: SimulatedPod<Value>)
    case tick(SimulatedPod<Value>)
    case collection(SimulatedPod<Value>)
    case joinDeadline(SimulatedPod<Value>)
    case wake(SimulatedPod<Value>)
    case look(SimulatedPod<Value>)

    var pod: SimulatedPod<Value> {
      switch self {
      case .delivery(_, let pod), .tick(let pod), .collection(let pod), .joinDeadline(let pod),
        .wake(let pod), .look(let pod):
        pod
      }
    }
  }

  package let options: ReplicaOptions<Value>
  package var conditions: Conditions
  package var random: SeededGenerator
  package private(set) var now = Duration.zero
  package private(set) var pods: [SimulatedPod<Value>] = []
  /// How often a message is lost, and nobody told.
  package var loss = 0.0
  /// How often a transport does not take a message that is for all, because its queue is full.
  package var refusal = 0.0
  /// Whether messages of one pod reach another; what does not is lost, and nobody told.
  package var reaches: (SimulatedPod<Value>, SimulatedPod<Value>) -> Bool = { _, _ in true }
  /// What all pods together have been sent.
  package var traffic: SimulatedTraffic { pods.reduce(into: SimulatedTraffic()) { $0 += $1.received } }
  /// What happened, for whoever has to find out why; put into words only when asked for.
  package var log: some BidirectionalCollection<String> { notes.lazy.map { "\($0.time) \($0.text())" } }
  private var notes: [(time: Duration, text: () -> String)] = []
  /// Called after anything has happened to a pod.
  package var onChange: (SimulatedPod<Value>) throws -> Void = { _ in }

  private var schedule = Schedule<Happening>()
  private let epoch = Timestamp(nanoseconds: 1_800_000_000_000_000_000)

  package init(seed: UInt64, options: ReplicaOptions<Value>, conditions: Conditions = Conditions()) {
    random = SeededGenerator(seed: seed)
    self.options = options
    self.conditions = conditions
  }

  /// The pods that are running.
  package var alive: [SimulatedPod<Value>] { pods.filter(\.isAlive) }

  package func wall(of pod: SimulatedPod<Value>) -> Timestamp {
    epoch.advanced(by: now + pod.clockOffset)
  }

  package func note(_ text: @autoclosure @escaping () -> String) {
    if conditions.keepsLog { notes.append((now, text)) }
  }

  // MARK: What a test does

  /// Starts a pod under a node ID. It joins.
  package func start(
    _ nodeID: String, codec: any Codec<Value>, wireFormat: WireFormat = .newest,
    clockOffset: Duration = .zero,
    seeds: [(Key, Value)] = [], asOf: Timestamp = .earliest
  ) throws -> SimulatedPod<Value> {
    let incarnation = UInt64.random(in: PodIdentity.incarnations, using: &random)
    var options = options
    options.announcesNumbers = wireFormat != .v1
    let pod = SimulatedPod(
      identity: PodIdentity(nodeID: nodeID, incarnation: incarnation), codec: codec, wireFormat: wireFormat,
      options: options, storage: conditions.storage, clockOffset: clockOffset,
      wall: epoch.advanced(by: now + clockOffset), seed: random.next())
    note("\(pod.identity) starts, its clock \(clockOffset) ahead, writing \(wireFormat)")
    pods.append(pod)
    if !seeds.isEmpty { try pod.replica.seed(seeds, asOf: asOf, outbox: &pod.outbox) }
    pod.replica.connected(others: others(than: pod), outbox: &pod.outbox)
    let phase = Duration.seconds(Double.random(in: 0..<1, using: &random))
    schedule.add(.tick(pod), at: now + phase)
    schedule.add(.collection(pod), at: now + phase)
    schedule.add(.joinDeadline(pod), at: now + conditions.joinTimeout)
    try perform(pod)
    return pod
  }

  /// Ends a pod without a word. Messages that it had sent still arrive.
  package func crash(_ pod: SimulatedPod<Value>) {
    note("\(pod.identity) crashes")
    pod.isAlive = false
  }

  /// Takes a pod off the network; its transport says so.
  package func disconnect(_ pod: SimulatedPod<Value>) throws {
    note("\(pod.identity) is off the network")
    pod.isConnected = false
    pod.replica.disconnected()
    try perform(pod)
  }

  /// Has a pod stand still: nothing happens in it until then, and messages wait.
  package func pause(_ pod: SimulatedPod<Value>, for duration: Duration) {
    note("\(pod.identity) stands still for \(duration)")
    pod.pausedUntil = now + duration
  }

  /// Ends a pause; what has waited happens at once.
  package func wakeUp(_ pod: SimulatedPod<Value>) {
    guard pod.pausedUntil > now else { return }
    note("\(pod.identity) goes on")
    pod.pausedUntil = now
    for happening in schedule.takeAll(where: { $0.pod === pod }) { schedule.add(happening, at: now) }
  }

  package func connect(_ pod: SimulatedPod<Value>) throws {
    note("\(pod.identity) is back on the network")
    pod.isConnected = true
    pod.replica.connected(outbox: &pod.outbox)
    try perform(pod)
  }

  /// Writes on a pod. Returns the version of each change.
  package func write(_ changes: [LocalChange<Value>], on pod: SimulatedPod<Value>) throws -> [Version] {
    var encoder = WriteEncoder(author: pod.identity)
    for change in changes {
      switch change.action {
      case .set(let value): try encoder.set(change.key) { try pod.codec.encode(value, into: &$0) }
      case .delete: encoder.delete(change.key)
      }
    }
    try pod.replica.write(changes, encoder: encoder, wall: wall(of: pod), outbox: &pod.outbox)
    var versions: [Version] = []
    for case .publish(let message) in pod.outbox.actions {
      guard case .write(let write) = try WireDecoder.decode(message) else { continue }
      versions = write.entries.map(\.version)
    }
    note("\(pod.identity) writes \(changes.map { "\($0.key) \($0.action)" }) as \(versions)")
    try perform(pod)
    return versions
  }

  /// Has pods hold entries as if a pod that has gone since had written them, and only these had received them.
  package func fill(
    _ pods: [SimulatedPod<Value>], with entries: some Collection<(Key, Value)>, by nodeID: String
  ) throws {
    let incarnation = UInt64.random(in: PodIdentity.incarnations, using: &random)
    let author = PodIdentity(nodeID: nodeID, incarnation: incarnation)
    note("\(pods.map(\.identity)) hold \(entries.count) entries of \(author)")
    let writes = zip(1..., entries).map { number, entry in
      let version = Version(
        timestamp: epoch.advanced(by: now), author: author, sequence: incarnation + UInt64(number))
      return Write(key: entry.0, version: version, content: .set(entry.1))
    }
    for pod in pods {
      // In parts, as a store does it.
      for start in stride(from: 0, to: writes.count, by: 1_024) {
        let part = Array(writes[start..<min(start + 1_024, writes.count)])
        pod.replica.receive(saved: part, wall: wall(of: pod), outbox: &pod.outbox)
        try perform(pod)
      }
    }
  }

  /// Lets time pass.
  package func run(for duration: Duration) throws {
    let end = now + duration
    while let time = schedule.nextTime, time <= end, let happening = schedule.popFirst() {
      now = time
      try happen(happening)
    }
    now = end
  }

  // MARK: What happens by itself

  private func happen(_ happening: Happening) throws {
    let pod = happening.pod
    if pod.isAlive, pod.pausedUntil > now {
      schedule.add(happening, at: pod.pausedUntil)
      return
    }
    switch happening {
    case .delivery(let bytes, let pod):
      guard pod.isAlive, pod.isConnected else { return }
      receive(try WireDecoder.decode(bytes), on: pod)
      try perform(pod)
    case .tick(let pod):
      guard pod.isAlive else { return }
      pod.replica.tick(outbox: &pod.outbox)
      schedule.add(.tick(pod), at: now + conditions.syncInterval)
      try perform(pod)
    case .collection(let pod):
      guard pod.isAlive else { return }
      while pod.replica.collectTombstones(wall: wall(of: pod), limit: 2, outbox: &pod.outbox) {}
      schedule.add(.collection(pod), at: now + conditions.gcInterval)
      // Tombstones go without a word.
      if pod.replica.count != pod.countWhenChecked { try onChange(pod) }
      try perform(pod)
    case .joinDeadline(let pod):
      guard pod.isAlive else { return }
      pod.replica.joinDeadlineReached(outbox: &pod.outbox)
      try perform(pod)
    case .wake(let pod):
      guard pod.isAlive else { return }
      pod.replica.wake(outbox: &pod.outbox)
      try perform(pod)
    case .look(let pod):
      guard pod.isAlive else { return }
      pod.replica.look(others: others(than: pod), outbox: &pod.outbox)
      try perform(pod)
    }
  }

  private func others(than pod: SimulatedPod<Value>) -> Int? {
    guard conditions.countsPods else { return nil }
    return alive.count { $0 !== pod && $0.isConnected && reaches(pod, $0) }
  }

  private func receive(_ message: WireMessage, on pod: SimulatedPod<Value>) {
    let wall = wall(of: pod)
    switch message {
    case .write(let write):
      note("\(pod.identity) receives \(write.entries.map { "\($0.key) \($0.version)" })")
      pod.replica.receive(
        write.entries.map { $0.decoded(by: pod.decode).0 }, from: write.author, stampedAt: write.timestamp,
        wall: wall, outbox: &pod.outbox)
    case .stateRequest(let request):
      pod.replica.receive(request, outbox: &pod.outbox)
    case .state(let chunk, let entries):
      note(
        "\(pod.identity) receives state of \(chunk.sender): \(entries.map { "\($0.key) \($0.version) \($0.epoch) \($0.content)" })"
      )
      pod.replica.receive(
        chunk, entries: entries.map { $0.decoded(by: pod.decode).0 }, wall: wall, outbox: &pod.outbox)
    case .sync(let message):
      note("\(pod.identity) receives from \(message.sender): \(message.content)")
      pod.replica.receive(message, wall: wall, outbox: &pod.outbox)
    }
  }

  private func perform(_ pod: SimulatedPod<Value>) throws {
    guard !pod.outbox.isEmpty else { return }
    var hasChanged = pod.replica.count != pod.countWhenChecked
    pod.countWhenChecked = pod.replica.count
    while !pod.outbox.isEmpty {
      var contents = pod.outbox.take()
      if !contents.events.isEmpty { hasChanged = true }
      for event in contents.events.map(\.event) {
        pod.watched[Key(event.key)] = event.change.value.map { ($0, event.version) }
      }
      while let action = contents.takeAction() {
        if case .send(.heartbeat, _) = action {} else { hasChanged = true }
        try perform(action, of: pod)
      }
    }
    if hasChanged { try onChange(pod) }
  }

  private func perform(_ action: Outbox<Value>.Action, of pod: SimulatedPod<Value>) throws {
    switch action {
    case .publish(let message):
      if pod.wireFormat == .v1 {
        try publishAsEvents(message, from: pod)
      } else if !publish(message, .write, from: pod) {
        pod.replica.publishFailed(WireDecoder.keys(ofWrite: message))
      }
    case .publishUnsent:
      let keys = pod.replica.takeUnsent()
      guard pod.wireFormat == .v2 else {
        for key in keys.sorted() { try publishAsEvent(key, from: pod) }
        return
      }
      var encoder = StateEncoder(
        sender: pod.identity, answer: nil, isSettled: true, chunkBytes: conditions.chunkBytes
      ) { chunk in
        if !self.publish(chunk, .state, from: pod) { pod.replica.publishFailed(keys) }
      }
      for key in keys.sorted() {
        if let entry = pod.replica.entry(forKey: key) {
          try encoder.add(entry, forKey: key, encode: pod.codec.encode)
        }
      }
      encoder.finish()
    case .send(let content, let receiver):
      let message = SyncMessage(sender: pod.identity, content).encoded()
      let kind = SimulatedTraffic.Kind(of: content)
      if let receiver {
        send(message, kind, from: pod, to: receiver)
      } else {
        _ = publish(message, kind, from: pod)
      }
    case .requestState(let request, let source):
      send(request.encoded(), .question, from: pod, to: source)
    case .answer(let request):
      try answer(request, from: pod)
    case .answerWith(let keys, let request, let closing, let receiver):
      var encoder = encoder(
        of: pod, to: receiver, answer: .init(request: request, id: random.next()), hop: nil)
      try add(keys, of: pod, to: &encoder)
      encoder.finish(closing)
    case .push(let keys, let hop, let receiver):
      var encoder = encoder(of: pod, to: receiver, answer: nil, hop: hop)
      try add(keys, of: pod, to: &encoder)
      encoder.finish()
    case .wake:
      schedule.add(.wake(pod), at: now + .milliseconds(50))
    case .look(let pause):
      schedule.add(.look(pod), at: now + pause)
    case .report(let error):
      pod.reports.append(error)
    case .caughtUp, .answered, .confirmed, .membersChanged:
      break
    }
  }

  private func publishAsEvents(_ message: ByteBuffer, from pod: SimulatedPod<Value>) throws {
    guard case .write(let write) = try WireDecoder.decode(message) else { return }
    for entry in write.entries where !publish(try WireVersion1.encodeEvent(entry), .write, from: pod) {
      pod.replica.publishFailed(CollectionOfOne(entry.key))
    }
  }

  private func publishAsEvent(_ key: Key, from pod: SimulatedPod<Value>) throws {
    for write in pod.replica.entry(forKey: key)?.writes(forKey: key) ?? [] {
      let event = try WireVersion1.encodeEvent(try write.encoded(by: pod.codec.encode))
      if !publish(event, .write, from: pod) { pod.replica.publishFailed(CollectionOfOne(key)) }
    }
  }

  private func answer(_ request: StateRequest, from pod: SimulatedPod<Value>) throws {
    var encoder = encoder(
      of: pod, to: request.sender, answer: .init(request: request.id, id: random.next()), hop: nil)
    // In an order that does not depend on this process's hashing.
    for (key, entry) in pod.replica.snapshot().sorted(by: { $0.key < $1.key }) {
      try encoder.add(entry, forKey: key, encode: pod.codec.encode)
    }
    encoder.finish(pod.replica.context)
  }

  private func encoder(
    of pod: SimulatedPod<Value>, to receiver: PodIdentity, answer: StateEncoder.Answer?, hop: UInt8?
  ) -> StateEncoder {
    StateEncoder(
      sender: pod.identity, answer: answer, hop: hop, isSettled: pod.replica.isSettled,
      chunkBytes: conditions.chunkBytes
    ) { chunk in
      self.send(chunk, .state, from: pod, to: receiver)
    }
  }

  private func add(_ keys: [Key], of pod: SimulatedPod<Value>, to encoder: inout StateEncoder) throws {
    for key in keys {
      if let entry = pod.replica.entry(forKey: key) {
        try encoder.add(entry, forKey: key, encode: pod.codec.encode)
      }
    }
  }

  /// Sends to everybody who can hear it now, the sender included; false if the sender is off the network.
  private func publish(
    _ message: ByteBuffer, _ kind: SimulatedTraffic.Kind, from pod: SimulatedPod<Value>
  ) -> Bool {
    guard pod.isConnected else { return false }
    if refusal > 0, random.chance(refusal) { return false }
    for receiver in alive { send(message, kind, from: pod, to: receiver) }
    return true
  }

  private func send(
    _ message: ByteBuffer, _ kind: SimulatedTraffic.Kind, from pod: SimulatedPod<Value>,
    to receiver: PodIdentity
  ) {
    guard pod.isConnected, let receiver = alive.first(where: { $0.identity == receiver }) else { return }
    send(message, kind, from: pod, to: receiver)
  }

  private func send(
    _ message: ByteBuffer, _ kind: SimulatedTraffic.Kind, from pod: SimulatedPod<Value>,
    to receiver: SimulatedPod<Value>
  ) {
    guard receiver.isConnected, reaches(pod, receiver) else { return }
    if loss > 0, random.chance(loss) { return }
    if pod !== receiver { receiver.received.count(message, kind) }
    deliver(message, to: receiver, within: conditions.delay)
    if random.chance(conditions.duplication) { deliver(message, to: receiver, within: conditions.delay) }
    guard conditions.lateStates || kind != .state else { return }
    if random.chance(conditions.lateDuplication) {
      deliver(message, to: receiver, within: conditions.lateDelay)
    }
  }

  private func deliver(
    _ message: ByteBuffer, to receiver: SimulatedPod<Value>, within delay: ClosedRange<Double>
  ) {
    let delay = Duration.seconds(Double.random(in: delay, using: &random))
    schedule.add(.delivery(message, to: receiver), at: now + delay)
  }
}

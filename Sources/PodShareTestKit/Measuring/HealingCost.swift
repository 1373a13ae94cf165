public import PodShare

/// What healing costs, measured on a simulated fleet: the bytes that real pods would send, in virtual time.
///
/// Not for users: the package `Benchmarks` of this repository uses it, which cannot see what is `package`.
@_spi(Measuring)
public final class HealingCost<Value: Sendable> {
  /// What it took until pods that differed were equal and had nothing left to ask.
  public struct Healed: Sendable {
    /// What all pods received together, heartbeats not counted.
    public var bytes: Int
    /// How many questions were asked; a pod asks one after the other.
    public var questions: Int
    /// Until all were equal, the wait for the next heartbeat included.
    public var seconds: Double
  }

  public struct NeverHealed: Error {}

  private static var patience: Duration { .seconds(60) }

  private let fleet: SimulatedFleet<Value>
  private let codec: any Codec<Value>
  private let key: (Int) -> String
  private let value: (Int) -> Value
  private let entries: Int
  private var lastNumber: Int

  /// Starts so many pods that hold the same entries and have told one another so, on a network that loses nothing and
  /// takes up to a millisecond for a message.
  public init(
    pods: Int, entries: Int, seed: UInt64, codec: any Codec<Value>, key: @escaping (Int) -> String,
    value: @escaping (Int) -> Value
  ) throws {
    var conditions = SimulatedFleet<Value>.Conditions()
    conditions.delay = 0.000_1...0.001
    conditions.duplication = 0
    conditions.lateDuplication = 0
    conditions.chunkBytes = WireLimits.chunkBytes
    conditions.keepsLog = false
    let options = ReplicaOptions<Value>(
      merge: nil, tombstoneTTL: .seconds(86_400), maxClockSkew: .seconds(60))
    fleet = SimulatedFleet(seed: seed, options: options, conditions: conditions)
    self.codec = codec
    self.key = key
    self.value = value
    self.entries = entries
    lastNumber = entries
    for number in 0..<pods { _ = try fleet.start("pod-\(number)", codec: codec) }
    try fleet.run(for: .seconds(5))
    try fleet.fill(fleet.pods, with: (0..<entries).map { (Key(key($0)), value($0)) }, by: "pod-before")
    try fleet.run(for: .seconds(5))
    guard areEqual else { throw NeverHealed() }
  }

  /// What each pod receives while nobody writes, in bytes a second.
  public func idle(for time: Duration = .seconds(30)) throws -> Double {
    let before = fleet.traffic.bytes
    try fleet.run(for: time)
    return Double(fleet.traffic.bytes - before) / Double(fleet.pods.count) / (time / .seconds(1))
  }

  /// What each pod receives beside the writes while pods in turn write so many entries a second, in bytes a second.
  public func busy(writesPerSecond: Int, for seconds: Int = 30) throws -> Double {
    let before = fleet.traffic
    for number in 0..<(writesPerSecond * seconds) {
      try write(on: fleet.pods[number % fleet.pods.count])
      try fleet.run(for: .seconds(1) / writesPerSecond)
    }
    let after = fleet.traffic
    let bytes = after.bytes - after.writeBytes - (before.bytes - before.writeBytes)
    return Double(bytes) / Double(fleet.pods.count * seconds)
  }

  /// The first pod alone has received so many writes of a pod that has crashed since, each to another key.
  public func differences(_ count: Int) throws -> Healed {
    try heal {
      var numbers: Set<Int> = []
      while numbers.count < count { numbers.insert(Int.random(in: 0..<entries, using: &fleet.random)) }
      let changes = numbers.sorted().map { (Key(key($0)), nextValue()) }
      try fleet.fill([fleet.pods[0]], with: changes, by: "pod-between")
    }
  }

  /// A write of the first pod's gets lost on its way to so many of the others.
  public func lostWrite(missedBy count: Int) throws -> Healed {
    try heal {
      let missing = Set(fleet.pods.dropFirst().prefix(count).map(\.identity))
      fleet.reaches = { _, receiver in !missing.contains(receiver.identity) }
      defer { fleet.reaches = { _, _ in true } }
      try write(on: fleet.pods[0])
    }
  }

  private func write(on pod: SimulatedPod<Value>) throws {
    let number = Int.random(in: 0..<entries, using: &fleet.random)
    _ = try fleet.write([LocalChange(key: Key(key(number)), action: .set(nextValue()))], on: pod)
  }

  private func nextValue() -> Value {
    lastNumber += 1
    return value(lastNumber)
  }

  private func heal(_ setApart: () throws -> Void) throws -> Healed {
    // At any time between two heartbeats.
    try fleet.run(for: .seconds(Double.random(in: 0..<1, using: &fleet.random)))
    try setApart()
    let (begin, before) = (fleet.now, fleet.traffic)
    // What is still on its way arrives.
    try fleet.run(for: .milliseconds(2))
    while !areEqual {
      guard fleet.now - begin < Self.patience else { throw NeverHealed() }
      try fleet.run(for: .milliseconds(2))
    }
    let seconds = (fleet.now - begin) / .seconds(1)
    try fleet.run(for: .seconds(5))
    let after = fleet.traffic
    guard areEqual else { throw NeverHealed() }
    return Healed(
      bytes: after.bytes - after.heartbeatBytes - (before.bytes - before.heartbeatBytes),
      questions: after.questions - before.questions, seconds: seconds)
  }

  private var areEqual: Bool {
    let root = fleet.pods[0].replica.digest.root
    return fleet.pods.allSatisfy { $0.replica.digest.root == root }
  }
}

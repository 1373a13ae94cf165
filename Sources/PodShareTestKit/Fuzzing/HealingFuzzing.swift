import NIOCore
import PodShare

/// The messages by which pods find out where they differ, a whole conversation of them in one input, to a replica that is
/// in the midst of its life.
///
/// Such a message changes no entry, but for ``SyncMessage/Forgotten``, which can only take entries out, and never makes the
/// replica do more than it is allowed. The input is a sequence of `u8` length and as many bytes; a length of 0 is a tick.
enum HealingFuzzing {
  private static let wall = Timestamp(nanoseconds: 1_800_000_000_000_000_000)

  static func run(_ bytes: ByteBuffer) {
    var input = bytes
    var outbox = Outbox<Int>()
    var replica = makeReplica(&outbox)
    _ = outbox.take()
    var messages = 0
    var ticks = 0
    while let length = input.readInteger(as: UInt8.self) {
      guard length > 0 else {
        ticks += 1
        replica.tick(outbox: &outbox)
        continue
      }
      guard let bytes = input.readSlice(length: min(Int(length), input.readableBytes)) else { return }
      messages += 1
      guard let message = try? WireDecoder.decode(bytes) else { continue }
      take(message, &replica, &outbox)
    }
    // A question has one answer; a heartbeat can begin a comparison besides; a tick has a heartbeat, and abandons.
    precondition(
      outbox.count <= 4 * messages + 8 * ticks + 8, "\(messages) messages made \(outbox.count) actions")
  }

  private static func take(
    _ message: WireMessage, _ replica: inout Replica<DictionaryStorage<Int>>, _ outbox: inout Outbox<Int>
  ) {
    switch message {
    case .sync(let message):
      precondition(isSameAgain(message), "\(message) written back differs")
      let before = replica.snapshot().mapValues(\.version)
      replica.receive(message, wall: wall, outbox: &outbox)
      let after = replica.snapshot().mapValues(\.version)
      if case .forgotten(let forgotten) = message.content {
        precondition(after.allSatisfy { before[$0.key] == $0.value }, "an entry has come or changed")
        precondition(before.count - after.count <= forgotten.entries.count, "more are gone than were named")
      } else {
        precondition(after == before, "\(message) changed entries")
      }
    case .stateRequest(let request): replica.receive(request, outbox: &outbox)
    case .state(let chunk, _): replica.receive(chunk, entries: [], wall: wall, outbox: &outbox)
    case .write: break
    }
  }

  /// In a context authors have no order, so bytes need not be the same.
  private static func isSameAgain(_ message: SyncMessage) -> Bool {
    guard case .sync(let again) = try? WireDecoder.decode(message.encoded()) else { return false }
    return again == message
  }

  private static func makeReplica(_ outbox: inout Outbox<Int>) -> Replica<DictionaryStorage<Int>> {
    var replica = Replica(
      identity: PodIdentity(nodeID: "fuzz", incarnation: 1),
      options: ReplicaOptions<Int>(merge: nil, tombstoneTTL: .seconds(3_600), maxClockSkew: .seconds(60)),
      storage: DictionaryStorage<Int>(), now: wall, seed: 1)
    guard (try? replica.seed((0..<40).map { (Key("\($0)"), $0) }, asOf: .earliest, outbox: &outbox)) != nil
    else {
      preconditionFailure("an empty replica cannot be seeded")
    }
    replica.connected(outbox: &outbox)
    replica.joinDeadlineReached(outbox: &outbox)
    return replica
  }
}

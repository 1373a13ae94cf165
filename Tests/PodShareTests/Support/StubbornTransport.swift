import NIOConcurrencyHelpers
import NIOCore
import PodShare

/// A transport over a network in memory that counts its subscriptions and misbehaves when told to.
final class StubbornTransport: Transport {
  struct Faults: Sendable {
    /// What becomes of published messages, if not what the network says.
    var publishOutcome: PublishOutcome?
    /// How many more messages the queue has room for.
    var room: Int?
    /// Subscribing to the n-th topic and those after it fails.
    var failingSubscription: Int?
    /// Subscribing to the n-th topic takes until it is cancelled.
    var hangingSubscription: Int?
    /// Cancelling a subscription that hangs lets it succeed, as if it had not noticed.
    var ignoresCancellation = false
    /// Draining takes until it is cancelled.
    var neverDrains = false
  }

  private struct State {
    var faults = Faults()
    var attempts = 0
    var active: Set<Int> = []
    var hanging = 0
    var draining = 0
  }

  let base: MemoryTransport
  private let state = NIOLockedValueBox(State())
  private let forever = TestSignal()

  init(on network: MemoryNetwork = MemoryNetwork(), _ faults: Faults = Faults()) {
    base = MemoryTransport(on: network)
    state.withLockedValue { $0.faults = faults }
  }

  /// Subscriptions in force.
  var subscriptions: Int { state.withLockedValue { $0.active.count } }
  /// Whether somebody waits in `subscribe`.
  var isHanging: Bool { state.withLockedValue { $0.hanging > 0 } }
  /// Whether somebody waits in `drain`.
  var isDraining: Bool { state.withLockedValue { $0.draining > 0 } }

  func change(_ body: (inout Faults) -> Void) {
    state.withLockedValue { body(&$0.faults) }
  }

  func publish(_ message: ByteBuffer, to topic: String) -> PublishOutcome {
    let outcome = state.withLockedValue { state -> PublishOutcome? in
      if let room = state.faults.room {
        guard room > 0 else { return .queueFull }
        state.faults.room = room - 1
      }
      return state.faults.publishOutcome
    }
    return outcome ?? base.publish(message, to: topic)
  }

  func drain() async throws(TransportError) {
    guard state.withLockedValue({ $0.faults.neverDrains }) else { return try await base.drain() }
    state.withLockedValue { $0.draining += 1 }
    await forever.wait()
    state.withLockedValue { $0.draining -= 1 }
    throw TransportError(.cancelled, "draining")
  }

  func subscribe(
    to topic: String, onEvent: @escaping @Sendable (TransportEvent) -> Void
  ) async throws(TransportError) -> TransportSubscription {
    let (attempt, faults) = state.withLockedValue { state in
      state.attempts += 1
      return (state.attempts, state.faults)
    }
    if let failing = faults.failingSubscription, attempt >= failing {
      throw TransportError(.failed, "no such network")
    }
    if faults.hangingSubscription == attempt {
      state.withLockedValue { $0.hanging += 1 }
      await forever.wait()
      if !faults.ignoresCancellation { throw TransportError(.cancelled, "subscribing") }
    }
    let subscription = try await base.subscribe(to: topic, onEvent: onEvent)
    state.withLockedValue { _ = $0.active.insert(attempt) }
    return TransportSubscription { [state] in
      subscription.cancel()
      state.withLockedValue { _ = $0.active.remove(attempt) }
    }
  }

  func close() async throws(TransportError) { try await base.close() }
}

import NIOCore
import PodShare
import PodShareTestKit
import Testing

@Suite("FaultyTransport: concurrency", .timeLimit(.minutes(2)))
struct FaultyTransportConcurrencyTests {
  @Test(
    "Publishing, changing faults, subscribing, draining and moving the clock, all at once",
    arguments: [true, false])
  func allAtOnce(onClock: Bool) async throws {
    let clock = TestClock()
    let network = MemoryNetwork()
    let faults = Faults(
      bothWays: .init(
        loss: 0.1, duplication: 0.2, reordering: 0.3, delay: .zero ... .milliseconds(20)))
    let base = MemoryTransport(on: network)
    let transport =
      onClock
      ? FaultyTransport(base, seed: 1, faults: faults, clock: clock)
      : FaultyTransport(base, seed: 1, faults: faults, time: clock.time)
    let inbox = Inbox()
    let kept = try await transport.subscribe(to: "t", onEvent: inbox.receive)
    let rounds = 300
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<2 {
        group.addTask {
          for number in 0..<rounds { _ = transport.publish(ByteBuffer(string: "\(number)"), to: "t") }
        }
      }
      group.addTask {
        for round in 0..<rounds {
          switch round % 6 {
          case 0: transport.disconnect()
          case 1: transport.connect()
          case 2: transport.change { $0.isCut.toggle() }
          case 3: transport.change { $0.maxQueuedMessages = round % 4 == 0 ? 3 : nil }
          case 4: transport.heal()
          default: transport.faults = faults
          }
          await Task.yield()
        }
      }
      group.addTask {
        for _ in 0..<rounds {
          let subscription = try? await transport.subscribe(to: "t") { _ in }
          await Task.yield()
          subscription?.cancel()
        }
      }
      group.addTask {
        for _ in 0..<rounds {
          clock.advance(by: .milliseconds(5))
          await Task.yield()
        }
        transport.heal()
        try? await transport.drain()
      }
    }
    transport.heal()
    try await transport.drain()
    #expect(transport.messagesUnderWay == 0)
    _ = transport.publish(ByteBuffer(string: "last"), to: "t")
    await eventually("the last one arrives") { inbox.all.last == "last" }
    let statistics = transport.statistics
    #expect(statistics.outbound.messages + statistics.refused == 2 * rounds + 1)
    try await transport.close()
    await eventually("nobody sleeps") { clock.sleepers == 0 }
    withExtendedLifetime(kept) {}
  }

  @Test("A fleet whose pods are written by several tasks at once, over faults that change, settles")
  func fleet() async throws {
    let fleet = try await TestFleet<Int>(pods: 3, seed: 3)
    await withTaskGroup(of: Void.self) { group in
      for store in fleet.stores {
        group.addTask {
          for number in 0..<200 {
            if number % 5 == 0 { _ = try? store.delete("\(number % 7)") }
            _ = try? store.set("\(number % 11)", to: number)
          }
        }
      }
      for transport in fleet.transports {
        group.addTask {
          for round in 0..<50 {
            transport.change { $0.outbound.loss = round % 2 == 0 ? 0.5 : 0 }
            transport.change { $0.inbound.delay = .zero ... .milliseconds(round % 3 * 10) }
            if round % 10 == 0 { transport.disconnect() } else { transport.connect() }
            await Task.yield()
          }
        }
      }
      group.addTask {
        for _ in 0..<100 {
          fleet.clock.advance(by: .milliseconds(10))
          await Task.yield()
        }
      }
    }
    try await fleet.settle()
    try await fleet.close()
  }
}
